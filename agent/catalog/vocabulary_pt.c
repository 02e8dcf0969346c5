/*
 * Ids of the vocabulary come with further names that Portuguese pages print for them, divided by "; ".
 * Variants are listed where wordings differ: order of words, accents and a plural s make none. A name that two ids of
 * one kind share is refused by the tests.
 */
#include "catalog/vocabulary.h"

/* clang-format off */
const struct vocabulary_names vocabulary_pt[] = {
	{"skype-for-business-server",
		"Skype for Business Server; Skype para Business Server 2019; Skype para servidor de negócios"},
	{"all-internal-servers", "Todos os servidores internos"},
	{"front-end-server",
		"Servidores Front End; Servidor Front End; Servidor de Front-End; Servidores de Front-End; "
		"Servidor Standard Edition"},
	{"front-end-server-collocated-mediation",
		"Servidores Front-End que também executam um Servidor de Mediação colocado; "
		"Servidores Front-End que também executam um Servidor de Mediação Agrupado; "
		"Servidor Front-End que também executa um Servidor de Mediação Colocado; "
		"Servidores Front-End que também executam um Servidor de Mediação co-localizado"},
	{"front-end-server-cms",
		"Servidores Front-End em que reside o repositório de Gerenciamento Central; "
		"Servidores Front-End onde reside o Repositório de Gerenciamento Central; "
		"Servidor Front-End em que reside o repositório de Gerenciamento Central; "
		"Servidores Front-End nos quais o repositório de Gerenciamento Central reside"},
	{"front-end-server-conferencing-attendant",
		"Servidor Front-End que executa o Atendedor de Conferência; "
		"Servidor Front-End executando Atendedor de Conferência"},
	{"front-end-pool", "pool de Front-Ends; pool de Front-End; pools de Front-Ends"},
	{"director", "Director; Directores"},
	{"director-pool", "pool de Diretores; pools de Diretores"},
	{"mediation-server", "Mediation Server; Servidor(es) de Mediação"},
	{"edge-server", "Servidores de Borda; Servidor Edge; Borda; Interface interna do Servidor de Borda; Interface externa do Servidor de Borda"},
	{"access-edge-server",
		"Servidor de Borda de Acesso; Borda de Acesso; Serviço de Borda de Acesso; "
		"Serviço de Borda de Acesso do Servidor de Borda; "
		"Servidor de Borda - Serviço de Borda de Acesso; Acesso; Edge de Acesso; "
		"Serviço Edge de Acesso"},
	{"web-conferencing-edge-server",
		"Servidor de Borda de Webconferência; Borda de Webconferência; "
		"Serviço de Borda de Webconferência; "
		"Serviço de Borda de Webconferência do Servidor de Borda; "
		"Servidor de Borda - Serviço de Borda de Webconferência; Webconferência"},
	{"av-edge-server",
		"Serviço de Borda A/V; Serviço de Borda A/V do Servidor de Borda; Servidores de Borda A/V; "
		"Servidor de Borda - Serviço de Borda A/V; Servidor de Borda de A/V"},
	{"av-edge-server-internal", "Servidor de Borda A/V interno; Servidor de Borda A/V (interno)"},
	{"av-edge-server-external", "Servidor de Borda A/V externo; Servidor de Borda A/V (externo)"},
	{"xmpp-proxy", "Serviço Proxy XMPP; Proxy XMPP; Serviço de Proxy XMPP"},
	{"xmpp-gateway", "Gateway XMPP; Serviço de Gateway XMPP; Gateway XMPP do Servidor Front-End"},
	{"reverse-proxy", "servidor proxy reverso; Servidor de proxy reverso; proxy inverso"},
	{"office-web-apps-server",
		"Office Web Apps Server; Servidor do Office Web Apps; Office Online Server"},
	{"persistent-chat-server",
		"Servidor Front-End de Chat Persistente; Servidor de Chat Persistente; "
		"Servidor Front End de Chat Persistente"},
	{"group-chat-server", "Servidor de Chat em Grupo; Group Chat Server"},
	{"monitoring-server", "Servidor de Monitoramento"},
	{"archiving-server", "Servidor de Arquivamento"},
	{"application-sharing-server",
		"Servidor de Compartilhamento de Aplicativos; Servidor de Compartilhamento de Aplicativo"},
	{"exchange-unified-messaging", "Unificação de Mensagens do Exchange"},
	{"survivable-branch-appliance", "Aparelho de Filial Persistente; Survivable Branch Appliance"},
	{"pstn-gateway", "Gateway PSTN"},
	{"file-share-server", "Servidor de compartilhamento de arquivos; Servidor de arquivos"},
	{"domain-controller", "Controlador de domínio; Controlador de Domínio do Active Directory"},
	{"global-catalog", "Catálogo global; Servidor de catálogo global"},
	{"any", "Todos; Todas; Quaisquer; Qualquer uma; Qualquer endereço IP"},
	{"front-end-load-balancer",
		"Balanceador de carga de Servidores Front-End; "
		"Balanceador de carga do Servidor de Front-End; Balanceador de carga Front-End"},
	{"front-end-load-balancer-collocated-mediation",
		"Balanceador de carga do Servidor Front-End (se o pool também executar o Servidor de "
		"Mediação); Balanceador de carga do Servidor Front-End (se o pool também executa um Servidor "
		"de Mediação)"},
	{"mediation-load-balancer", "Balanceador de carga dos Servidores de Mediação"},
	{"director-load-balancer", "Balanceador de carga de Diretores; Balanceador de carga do Director"},
	{"edge-load-balancer", "Balanceador de carga do Servidor de Borda; Balanceador de carga de Borda"},
	{"sql-browser", "SQL Browser"},
	{"front-end-service", "Serviço Front-End; Serviço de Front-End; Serviço Front End"},
	{"im-conferencing-service",
		"Serviço de conferência de mensagens instantâneas; Serviço de Conferência de IM; "
		"Serviço de Conferência de Mensagem Instantânea"},
	{"web-conferencing-service", "Serviço de Webconferência; Serviço de conferência da Web"},
	{"web-conferencing-compatibility-service",
		"Serviço de compatibilidade de Webconferência; "
		"Serviço de compatibilidade de conferência da Web"},
	{"av-conferencing-service", "Serviço de conferência A/V; Serviço de Conferência de Áudio/Vídeo"},
	{"web-compatibility-service", "Serviço de compatibilidade da Web"},
	{"web-server-component",
		"Componente do servidor Web; Componentes da Web; Componente de servidor Web; "
		"Componente de servidor da Web"},
	{"mobility-services",
		"Componente Serviços de Mobilidade; Serviços de mobilidade; Serviço de Mobilidade"},
	{"conferencing-attendant-service",
		"Serviço Atendedor de Conferência (conferência discada); Serviço Atendedor de Conferência; "
		"Serviço de Atendedor de Conferência (conferência discada)"},
	{"mediation-service", "Serviço de Mediação"},
	{"application-sharing-service",
		"Serviço de Compartilhamento de Aplicativos; Serviço de Compartilhamento de Aplicativo"},
	{"conferencing-announcement-service", "Serviço de Anúncio de Conferência"},
	{"call-park-service", "Serviço de Estacionamento de Chamada; Serviço de Estacionamento de Chamadas"},
	{"audio-test-service", "Serviço de Teste de Áudio"},
	{"response-group-service",
		"Serviço de Grupo de Resposta; Serviço Grupo de Resposta; Serviço de Grupos de Resposta"},
	{"bandwidth-policy-service", "Serviço de Política de Largura de Banda"},
	{"file-share-access", "Acesso ao servidor de compartilhamento de arquivos"},
	{"master-replicator-agent",
		"Serviço do Agente Replicador Mestre; Serviço de Agente Replicador Mestre"},
	{"persistent-chat-sip", "SIP de Chat Persistente"},
	{"persistent-chat-wcf",
		"Windows Communication Foundation (WCF) de Chat Persistente; WCF de bate-papo persistente"},
	{"persistent-chat-file-transfer", "Serviço de Transferência de Arquivos de Chat Persistente"},
	{"various", "Diversos; Várias"},
	{"not-applicable", "N/D; Nenhum; N/A"},
	{"uc-client",
		"Cliente; Clientes do Lync; Cliente do Lync; Clientes Lync; Clientes do Skype for Business; "
		"Skype para clientes de negócios"},
	{"live-meeting-2007", "Cliente do Live Meeting 2007"},
	{"polycom-cx3000", "Telefone IP de conferência Polycom CX3000"},
	{"server-ports",
		"Portas de servidor necessárias (por função de servidor); Portas de servidor necessárias; "
		"Portas necessárias do servidor (por função de servidor)"},
	{"hlb-only-ports",
		"Portas do balanceador de carga de hardware se estiver usando apenas o balanceamento de "
		"carga de hardware; Portas do balanceador de carga de hardware se usar somente balanceamento "
		"de carga de hardware"},
	{"dns-lb-ports",
		"Portas do balanceador de carga de hardware se usar o balanceamento de carga DNS; "
		"Portas do balanceador de carga de hardware ao usar o balanceamento de carga DNS"},
	{"client-ports", "Portas de cliente necessárias; Portas necessárias de cliente"},
	{"ipsec-exceptions", "Exceções IPsec; Exceções de IPsec recomendadas; Exceções do IPsec"},
	{"server-role", "Função; Função do servidor; Servidor; Funções de servidor"},
	{"service-name", "Serviço; Nome de serviço; Serviços"},
	{"port", "Portas; Número da porta; Intervalo de portas; Porta ou intervalo de portas"},
	{"protocol", "Protocolos"},
	{"transport", "TCP ou UDP; Transporte; Protocolo de transporte; UDP ou TCP"},
	{"role-or-protocol", "Função ou protocolo"},
	{"compound",
		"Função/Protocolo/TCP ou UDP/Porta; Protocolo/TCP ou UDP/Porta; Função/Protocolo/Porta; "
		"Protocolo/Porta; Função/Protocolo/TCP/UDP/Porta; Protocolo/TCP/UDP/Porta; "
		"Protocolo/TCP ou UDP/Porta ou intervalo de portas"},
	{"direction", "Direção; Sentido; Direção do tráfego"},
	{"notes", "Notas; Comentários; Finalidade; Descrição; Objetivo; Propósito; Observação"},
	{"load-balancer",
		"Balanceador de Carga; Balanceador de carga de hardware; Balanceadores de carga; "
		"Balanceamento de carga"},
	{"component", "Componente (função de servidor ou cliente); Componentes"},
	{"rule-name", "Nome de regra; Regra"},
	{"source-ip", "Origem; Endereço IP de origem; Origem IP; Endereço de origem; IP da origem"},
	{"destination-ip", "Destino; Endereço IP de destino; IP de destino; Endereço de destino"},
	{"source-port", "Porta de origem ou intervalo de portas; Portas de origem; Porta origem"},
	{"destination-port", "Porta de destino ou intervalo de portas; Portas de destino; Porta destino"},
	{"authentication-requirement", "Requisitos de autenticação; Autenticação"},
	{"do-not-authenticate", "Não autentique; Sem autenticação"},
	{"media-port-range",
		"Intervalo de portas de mídia especificado; Intervalo de porta de mídia especificado"},
	{"av-edge-internal-inbound", "Servidor de Borda A/V interno - Entrada"},
	{"av-edge-external-inbound", "Servidor de Borda A/V externo - Entrada"},
	{"av-edge-internal-outbound", "Servidor de Borda A/V interno - Saída"},
	{"av-edge-external-outbound", "Servidor de Borda A/V externo - Saída"},
	{"application-sharing-inbound", "Entrada do Servidor de Compartilhamento de Aplicativos"},
	{"application-sharing-outbound", "Saída dos Servidores de Compartilhamento de Aplicativo"},
	{"clients", "Cliente"},
	{NULL, NULL},
};
/* clang-format on */
