/*
 * Ids of the vocabulary come with the names that Spanish editions print for them, divided by "; ".
 * Variants are listed where wordings differ: order of words, accents and a plural s make none. A name that two ids of
 * one kind share is refused by the tests.
 */
#include "catalog/vocabulary.h"

/* clang-format off */
const struct vocabulary_names vocabulary_es[] = {
	{"skype-for-business-server",
		"Skype Empresarial Server; Skype Empresarial Server 2019; servidor de Skype Empresarial; "
		"Skype para Business Server"},
	{"skype-for-business-server-2015", "Skype Empresarial Server 2015; Skype para Business Server 2015"},
	{"skype-for-business-online", "Skype Empresarial Online; Skype Empresarial en línea"},
	{"all-servers", "Todos los servidores"},
	{"all-internal-servers", "Todos los servidores internos; Todos los servidores de la red interna"},
	{"front-end-server",
		"Servidores front-end; Servidor front-end; Servidores Front End; Servidor Front End; "
		"Servidores de front-end; Servidor de front-end; Servidores de aplicaciones para el usuario; "
		"Servidor de aplicaciones para el usuario"},
	{"front-end-server-collocated-mediation",
		"Servidores front-end que también ejecutan un servidor de mediación combinado; "
		"Servidores front-end que también ejecutan un servidor de mediación colocalizado; "
		"Servidores front-end que también ejecutan un servidor de mediación intercalado; "
		"Servidores front-end que también ejecutan un servidor de mediación integrado; "
		"Servidores front-end que también ejecutan un Servidor de mediación colocado; Servidores "
		"front-end que también ejecutan un servidor de mediación ubicado en la misma ubicación; "
		"Servidor front-end que también ejecuta un servidor de mediación combinado"},
	{"front-end-server-cms",
		"Servidores front-end donde reside el almacén de administración central; "
		"Servidores front-end en los que reside el almacén de administración central; "
		"Servidores front-end donde se encuentra el Almacén de administración central; "
		"Servidores front-end donde reside el almacén de Administración central; "
		"Servidor front-end que hospeda el almacén de administración central; "
		"Servidores front-end que hospedan el almacén de administración central"},
	{"front-end-server-conferencing-attendant",
		"Servidor front-end que ejecuta el operador de conferencia; "
		"Servidor front-end que ejecuta Operador de conferencia; "
		"Servidor front-end que ejecuta el operador de conferencias; "
		"Servidor front-end con operador de conferencia; "
		"Servidor front-end que ejecuta Conferencing Attendant"},
	{"front-end-pool", "Grupo de servidores front-end; Grupo front-end; Grupos de servidores front-end"},
	{"director", "Directores; Director; Servidores Director; Administradores"},
	{"director-pool", "Grupo de directores; Grupo de servidores Director; Grupos de directores"},
	{"mediation-server",
		"Servidores de mediación; Servidor de mediación; Servidor(es) de mediación; "
		"Servidores Mediation"},
	{"edge-server",
		"Servidor perimetral; Servidores perimetrales; Servidor Edge; Servidor de borde; "
		"Servidores de borde; Servidores Edge"},
	{"access-edge-server",
		"Servidor perimetral de acceso; Servicio perimetral de acceso; "
		"Servicio perimetral de acceso del servidor perimetral; "
		"Servidor perimetral: servicio perimetral de acceso; Acceso; Perimetral de acceso; "
		"Servicio de acceso perimetral; Acceso perimetral"},
	{"web-conferencing-edge-server",
		"Servidor perimetral de conferencia web; Servicio perimetral de conferencia web; "
		"Servicio perimetral de conferencia web del servidor perimetral; "
		"Servidor perimetral: servicio perimetral de conferencia web; Conferencia web; "
		"Conferencias web; Servicio perimetral de conferencias web; "
		"Servidor perimetral de conferencias web"},
	{"av-edge-server",
		"Servidor perimetral A/V; Servicio perimetral A/V; "
		"Servicio perimetral A/V del servidor perimetral; "
		"Servidor perimetral: servicio perimetral A/V; Perimetral A/V; Servidor perimetral de A/V; "
		"Servidor Edge A/V"},
	{"av-edge-server-internal",
		"Servidor perimetral A/V interno; Servidor perimetral A/V (interno); "
		"Interno del servidor perimetral A/V; Servidor perimetral A/V interna"},
	{"av-edge-server-external",
		"Servidor perimetral A/V externo; Servidor perimetral A/V (externo); "
		"Externo del servidor perimetral A/V; Servidor perimetral A/V externa"},
	{"xmpp-proxy", "Servicio de proxy XMPP; Proxy XMPP; Servicio proxy XMPP"},
	{"xmpp-gateway",
		"Puerta de enlace XMPP; Servicio de puerta de enlace XMPP; "
		"Puerta de enlace XMPP del servidor front-end"},
	{"reverse-proxy", "Proxy inverso; Servidor proxy inverso; Servidor de proxy inverso"},
	{"office-web-apps-server",
		"Servidor de Office Web Apps; Office Web Apps Server; Servidor Office Web Apps; "
		"Servidor de Office Online"},
	{"persistent-chat-server",
		"Servidor front-end de chat persistente; Servidor front-end de Chat persistente; "
		"Servidor de chat persistente; Servidor front-end de conversación persistente; "
		"Servidores front-end de chat persistente"},
	{"group-chat-server", "Servidor de chat en grupo; Servidor de chat de grupo"},
	{"monitoring-server", "Servidor de supervisión"},
	{"archiving-server", "Servidor de archivado; Servidor de almacenamiento"},
	{"communicator-web-access-server", "Servidor de Communicator Web Access"},
	{"application-sharing-server",
		"Servidores de uso compartido de aplicaciones; Servidor de uso compartido de aplicaciones; "
		"Servidores para compartir aplicaciones"},
	{"exchange-unified-messaging",
		"Mensajería unificada de Exchange; Mensajería unificada de Exchange Server"},
	{"conferencing-server",
		"Servidor de conferencia; Servidor de conferencia A/V; Servidor de conferencias A/V"},
	{"web-conferencing-server", "Servidor de conferencia web; Servidor de conferencias web"},
	{"survivable-branch-appliance",
		"Aplicación de sucursal con funciones de supervivencia; Survivable Branch Appliance; "
		"Survivable Branch Appliances"},
	{"pstn-gateway",
		"Puerta de enlace RTC; Puerta de enlace PSTN; Puerta de enlace de red telefónica conmutada; "
		"Puerta de enlace"},
	{"e911-gateway", "Puerta de enlace E9-1-1; Puerta de enlace de 9-1-1 mejorado (E9-1-1)"},
	{"pbx", "Sistema PBX; Centralita; Central de conmutación"},
	{"remote-call-control-server",
		"Servidor de control remoto de llamadas; Servidor de línea RCC; "
		"Servidor de control de llamadas remotas"},
	{"file-share-server", "Servidor de recursos compartidos de archivos; Servidor de archivos"},
	{"central-management-store", "Almacén de administración central; Servidor de administración central"},
	{"domain-controller", "Controlador de dominio; Controlador de dominio de Active Directory"},
	{"global-catalog", "Catálogo global; Servidor de catálogo global"},
	{"any", "Cualquiera; Todos; Todas; Cualquier; Cualquier dirección IP; Cualquier puerto"},
	{"front-end-load-balancer",
		"Equilibrador de carga del servidor front-end; "
		"Equilibrador de carga de servidores front-end; Equilibrio de carga del servidor front-end; "
		"Equilibrador de carga de front-end; Equilibrador de carga del Servidor front-end; "
		"Equilibrador de carga de servidor front-end; Equilibrio de carga de servidores front-end"},
	{"front-end-load-balancer-collocated-mediation",
		"Equilibrador de carga del servidor front-end (si el grupo también ejecuta el servidor de "
		"mediación); Equilibrador de carga del servidor front-end (si el grupo de servidores también "
		"ejecuta el servidor de mediación); Equilibrio de carga del servidor front-end (si el grupo "
		"también ejecuta el servidor de mediación); Equilibrador de carga del servidor front-end (si "
		"el grupo también ejecuta un servidor de mediación); Equilibrador de carga del servidor "
		"front-end (si el grupo de servidores también ejecuta un servidor de mediación)"},
	{"mediation-load-balancer",
		"Equilibrador de carga del servidor de mediación; "
		"Equilibrio de carga del servidor de mediación; "
		"Equilibrador de carga de servidores de mediación; "
		"Equilibrador de carga de servidor de mediación"},
	{"director-load-balancer",
		"Equilibrador de carga de director; Equilibrador de carga del director; "
		"Equilibrio de carga del director; Equilibrador de carga de directores"},
	{"edge-load-balancer",
		"Equilibrador de carga del servidor perimetral; Equilibrio de carga del servidor perimetral; "
		"Equilibrador de carga de servidores perimetrales"},
	{"sql-browser",
		"Explorador de SQL; SQL Browser; Explorador SQL; Explorador de SQL Server; Navegador SQL"},
	{"front-end-service",
		"Servicio front-end; Servicio Front End; Servicio de front-end; "
		"Servicio de servidor front-end"},
	{"im-conferencing-service",
		"Servicio de conferencia de mensajería instantánea; Servicio de conferencia de MI; "
		"Servicio de conferencias de mensajería instantánea; "
		"Servicio de conferencia por mensajería instantánea; Servicio de conferencias de MI"},
	{"web-conferencing-service", "Servicio de conferencia web; Servicio de conferencias web"},
	{"web-conferencing-compatibility-service",
		"Servicio de compatibilidad de conferencia web; "
		"Servicio de compatibilidad de conferencias web; "
		"Servicio de compatibilidad con conferencias web"},
	{"av-conferencing-service",
		"Servicio de conferencia de audio y vídeo; Servicio de conferencia A/V; "
		"Servicio de conferencia de audio/vídeo; Servicio de conferencias de audio y vídeo; "
		"Servicio de conferencias de audio/vídeo; Servicio de conferencia de audio/video; "
		"Servicio de conferencias A/V"},
	{"web-compatibility-service",
		"Servicio de compatibilidad web; Servicio de compatibilidad con la Web"},
	{"web-server-component", "Componente de servidor web; Componente del servidor web; Componentes web"},
	{"mobility-services",
		"Componente de servicios de movilidad; Componente Servicios de movilidad; "
		"Servicio de movilidad; Componente de Mobility Services"},
	{"conferencing-attendant-service",
		"Servicio de operador de conferencia (conferencia de acceso telefónico local); "
		"Servicio de operador de conferencia (conferencia de acceso telefónico); "
		"Servicio Operador de conferencia (conferencias de acceso telefónico local); "
		"Servicio de operador de conferencia; "
		"Servicio de operador de conferencias (conferencias de acceso telefónico); "
		"Servicio del operador de conferencia (conferencias de acceso telefónico local); "
		"Operador de conferencia"},
	{"mediation-service", "Servicio de mediación"},
	{"application-sharing-service",
		"Servicio de uso compartido de aplicaciones; Servicio para compartir aplicaciones; "
		"Servicio Uso compartido de aplicaciones"},
	{"conferencing-announcement-service",
		"Servicio de anuncio de conferencia; Servicio de anuncios de conferencia; "
		"Servicio de anuncio de conferencias"},
	{"call-park-service",
		"Servicio de estacionamiento de llamadas; Servicio Estacionamiento de llamadas; "
		"Servicio de estacionamiento de llamada; Servicio de detención de llamadas"},
	{"audio-test-service",
		"Servicio de prueba de audio; Servicio de pruebas de audio; Servicio Prueba de audio"},
	{"response-group-service",
		"Servicio de grupo de respuesta; Servicio Grupo de respuesta; "
		"Servicio de grupos de respuesta; Servicio Response Group"},
	{"bandwidth-policy-service",
		"Servicio de directiva de ancho de banda; Servicio de directivas de ancho de banda; "
		"Servicio Directiva de ancho de banda"},
	{"file-share-access",
		"Acceso al servidor de recursos compartidos de archivos; "
		"Acceso al recurso compartido de archivos"},
	{"master-replicator-agent",
		"Servicio Agente replicador maestro; Servicio de agente replicador maestro; "
		"Servicio del agente replicador maestro; Servicio Master Replicator Agent; "
		"Servicio de agente de replicador maestro; Servicio de agente duplicador principal"},
	{"persistent-chat-sip",
		"SIP de chat persistente; Chat persistente SIP; SIP de conversación persistente"},
	{"persistent-chat-wcf",
		"Windows Communication Foundation (WCF) de chat persistente; WCF de chat persistente; "
		"Chat persistente Windows Communication Foundation (WCF)"},
	{"persistent-chat-file-transfer",
		"Servicio de transferencia de archivos de chat persistente; "
		"Servicio de transferencia de archivos del chat persistente"},
	{"various", "Varios; Diversos; Varias"},
	{"not-applicable", "No aplicable; No se aplica; No procede; Ninguno; N/D; N/A; No corresponde"},
	{"uc-client",
		"Clientes; Cliente; Clientes de Lync; Cliente de Lync; Clientes de Skype Empresarial; "
		"Cliente de Skype Empresarial; Clientes de Skype for Business"},
	{"office-communicator", "Clientes de Communicator; Cliente de Communicator"},
	{"live-meeting-2007", "Cliente de Live Meeting 2007; Cliente de Live Meeting"},
	{"aastra-6721ip",
		"Teléfono de área común Aastra 6721ip; Teléfono de zona común Aastra 6721ip; "
		"Aastra 6721ip (teléfono de área común); Teléfono de uso común Aastra 6721ip"},
	{"aastra-6725ip",
		"Teléfono de escritorio Aastra 6725ip; Teléfono de mesa Aastra 6725ip; "
		"Aastra 6725ip (teléfono de escritorio)"},
	{"hp-4110",
		"Teléfono IP HP 4110 (teléfono de área común); Teléfono IP HP 4110; "
		"Teléfono IP HP 4110 (teléfono de zona común); Teléfono IP HP 4110 (teléfono de uso común)"},
	{"hp-4120",
		"Teléfono IP HP 4120 (teléfono de escritorio); Teléfono IP HP 4120; "
		"Teléfono IP HP 4120 (teléfono de mesa)"},
	{"polycom-cx500",
		"Teléfono de área común IP Polycom CX500; Teléfono IP de área común Polycom CX500; "
		"Teléfono IP Polycom CX500; Teléfono IP de zona común Polycom CX500; "
		"Teléfono IP de uso común Polycom CX500"},
	{"polycom-cx600",
		"Teléfono de escritorio IP Polycom CX600; Teléfono IP Polycom CX600; "
		"Teléfono IP de mesa Polycom CX600"},
	{"polycom-cx700",
		"Teléfono de escritorio IP Polycom CX700; Teléfono IP Polycom CX700; "
		"Teléfono IP de mesa Polycom CX700"},
	{"polycom-cx3000",
		"Teléfono de conferencia IP Polycom CX3000; Teléfono IP de conferencia Polycom CX3000; "
		"Teléfono IP de conferencias Polycom CX3000"},
	{"server-ports",
		"Puertos de servidor requeridos (por rol de servidor); "
		"Puertos de servidor necesarios (por rol de servidor); "
		"Puertos de servidor requeridos (por función del servidor); "
		"Puertos de servidor necesarios (por función de servidor); "
		"Puertos necesarios del servidor (por rol de servidor)"},
	{"hlb-only-ports",
		"Puertos del equilibrador de carga de hardware si solo se utiliza el equilibrio de carga de "
		"hardware; Puertos del equilibrador de carga de hardware si solo se usa el equilibrio de "
		"carga de hardware; Puertos del equilibrador de carga de hardware si se usa solo equilibrio "
		"de carga de hardware"},
	{"dns-lb-ports",
		"Puertos del equilibrador de carga de hardware si se utiliza el equilibrio de carga DNS; "
		"Puertos del equilibrador de carga de hardware si se usa el equilibrio de carga de DNS; "
		"Puertos del equilibrador de carga de hardware si se usa el equilibrio de carga DNS"},
	{"client-ports",
		"Puertos de cliente requeridos; Puertos de cliente necesarios; Puertos necesarios del cliente"},
	{"ipsec-exceptions",
		"Excepciones recomendadas de IPsec; Excepciones de IPsec recomendadas; Excepciones IPsec; "
		"Excepciones IPsec recomendadas"},
	{"ocs-ports",
		"Tabla 1. Puertos y protocolos utilizados por los servidores y clientes de Office "
		"Communications Server; "
		"Puertos y protocolos utilizados por los servidores y clientes de Office Communications"},
	{"server-role",
		"Rol de servidor; Rol del servidor; Función de servidor; Función del servidor; Rol; "
		"Servidor; Función; Roles de servidor"},
	{"service-name", "Nombre del servicio; Nombre de servicio; Servicio; Servicios"},
	{"port", "Puerto; Puertos; Número de puerto; Intervalo de puertos; Puerto o intervalo de puertos"},
	{"protocol", "Protocolo; Protocolos"},
	{"transport", "TCP o UDP; Transporte; Protocolo de transporte; UDP o TCP"},
	{"role-or-protocol", "Rol o protocolo; Función o protocolo"},
	{"compound",
		"Rol/Protocolo/TCP o UDP/Puerto; Función/Protocolo/TCP o UDP/Puerto; "
		"Protocolo/TCP o UDP/Puerto; Rol/Protocolo/Puerto; Protocolo/Puerto; "
		"Rol/Protocolo/TCP/UDP/Puerto; Protocolo/TCP/UDP/Puerto; "
		"Protocolo/TCP o UDP/Puerto o intervalo de puertos"},
	{"direction", "Dirección; Sentido; Dirección del tráfico"},
	{"notes",
		"Notas; Comentarios; Propósito; Finalidad; Descripción; Objetivo; Nota; Observaciones; Uso"},
	{"load-balancer",
		"Equilibrador de carga; Equilibrio de carga; Equilibrador de carga de hardware; "
		"Equilibradores de carga; Balanceador de carga"},
	{"component",
		"Componente; Componente (función de servidor o cliente); "
		"Componente (rol de servidor o cliente); Componentes; "
		"Componente (función del servidor o cliente)"},
	{"rule-name", "Nombre de regla; Nombre de la regla; Regla"},
	{"source-ip", "IP de origen; Dirección IP de origen; Origen; Dirección de origen; IP origen"},
	{"destination-ip",
		"IP de destino; Dirección IP de destino; Destino; Dirección de destino; IP destino"},
	{"source-port",
		"Puerto de origen; Puerto de origen o intervalo de puertos; Puertos de origen; Puerto origen"},
	{"destination-port",
		"Puerto de destino; Puerto de destino o intervalo de puertos; Puertos de destino; "
		"Puerto destino"},
	{"authentication-requirement",
		"Requisito de autenticación; Requisitos de autenticación; Autenticación"},
	{"do-not-authenticate", "No autenticar; No autentique; Sin autenticación; No autenticarse"},
	{"media-port-range",
		"Intervalo de puertos de medios especificado; Intervalo de puertos multimedia especificado; "
		"Intervalo de puertos de multimedia especificado; "
		"Intervalo especificado de puertos de medios; Rango de puertos multimedia especificado; "
		"Intervalo de puerto de medios especificado"},
	{"av-edge-internal-inbound",
		"Servidor perimetral A/V interno entrante; Servidor perimetral A/V, entrada interna; "
		"Entrante interno del servidor perimetral A/V; Entrada interna del servidor perimetral A/V"},
	{"av-edge-external-inbound",
		"Servidor perimetral A/V externo entrante; Servidor perimetral A/V, entrada externa; "
		"Entrante externo del servidor perimetral A/V; Entrada externa del servidor perimetral A/V"},
	{"av-edge-internal-outbound",
		"Servidor perimetral A/V interno saliente; Servidor perimetral A/V, salida interna; "
		"Saliente interno del servidor perimetral A/V; Salida interna del servidor perimetral A/V"},
	{"av-edge-external-outbound",
		"Servidor perimetral A/V externo saliente; Servidor perimetral A/V, salida externa; "
		"Saliente externo del servidor perimetral A/V; Salida externa del servidor perimetral A/V"},
	{"mediation-inbound",
		"Servidor de mediación entrante; Entrante del servidor de mediación; "
		"Entrada del servidor de mediación; Entrante en el servidor de mediación"},
	{"mediation-outbound",
		"Servidor de mediación saliente; Saliente del servidor de mediación; "
		"Salida del servidor de mediación"},
	{"conferencing-attendant-inbound",
		"Operador de conferencia entrante; Entrante del operador de conferencia; "
		"Entrada del operador de conferencia; Operador de conferencias entrante"},
	{"conferencing-attendant-outbound",
		"Operador de conferencia saliente; Saliente del operador de conferencia; "
		"Salida del operador de conferencia; Operador de conferencias saliente"},
	{"av-conferencing-inbound",
		"Conferencia A/V entrante; Conferencias A/V entrantes; Entrada de conferencia A/V; "
		"Entrante de conferencia A/V"},
	{"av-conferencing-outbound",
		"Conferencia A/V saliente; Conferencias A/V salientes; Salida de conferencia A/V; "
		"Saliente de conferencia A/V"},
	{"exchange-inbound", "Exchange entrante; Entrada de Exchange; Entrante de Exchange"},
	{"exchange-outbound", "Exchange saliente; Salida de Exchange; Saliente de Exchange"},
	{"application-sharing-inbound",
		"Servidores de uso compartido de aplicaciones entrantes; "
		"Servidor de uso compartido de aplicaciones entrante; "
		"Servidores de uso compartido de aplicaciones entrante; "
		"Entrada de los servidores de uso compartido de aplicaciones; "
		"Entrada de servidores de uso compartido de aplicaciones"},
	{"application-sharing-outbound",
		"Servidor de uso compartido de aplicaciones saliente; "
		"Servidores de uso compartido de aplicaciones salientes; "
		"Servidores de uso compartido de aplicaciones saliente; "
		"Salida del servidor de uso compartido de aplicaciones; "
		"Salida de servidores de uso compartido de aplicaciones"},
	{"clients", "Clientes; Cliente"},
	{NULL, NULL},
};
/* clang-format on */
