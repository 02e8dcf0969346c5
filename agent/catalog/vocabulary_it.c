/*
 * Ids of the vocabulary come with the names that Italian editions print for them, divided by "; ".
 * Variants are listed where wordings differ: order of words, accents and a plural s make none. A name that two ids of
 * one kind share is refused by the tests.
 */
#include "catalog/vocabulary.h"

/* clang-format off */
const struct vocabulary_names vocabulary_it[] = {
	{"skype-for-business-server",
		"Skype for Business Server; server Skype for Business; Skype per Business Server; "
		"Skype for Business Server 2019"},
	{"skype-for-business-server-2015", "Skype per Business Server 2015"},
	{"all-servers", "Tutti i server"},
	{"all-internal-servers", "Tutti i server interni"},
	{"front-end-server", "Front End Server; Server Front End; Server front-end"},
	{"front-end-server-collocated-mediation",
		"Front End Server in cui è in esecuzione anche un Mediation Server collocato; "
		"Server Front End che eseguono anche un Mediation Server collocato; "
		"Server Front End in cui viene eseguito anche un Mediation Server collocato; "
		"Front End Server che esegue anche un Mediation Server collocato; "
		"Server Front End che eseguono anche un Mediation Server con collocazione; "
		"Front End Server su cui è in esecuzione anche un Mediation Server collocato; "
		"Server front-end che eseguono anche un server di mediazione collocato; "
		"Server Front End che eseguono anche un server Mediation collocato"},
	{"front-end-server-cms",
		"Front End Server in cui risiede l'archivio di gestione centrale; "
		"Server Front End in cui risiede l'archivio di gestione centrale; "
		"Server front-end in cui si trova l'archivio di gestione centrale; "
		"Server Front End che ospitano l'archivio di gestione centrale; "
		"Front End Server in cui risiede l'archivio di Gestione centrale; "
		"Server front-end in cui risiede l'archivio di gestione centrale"},
	{"front-end-server-conferencing-attendant",
		"Front End Server in cui è in esecuzione l'Operatore Conferenza; "
		"Server Front End che esegue Operatore Conferenza; "
		"Front End Server che esegue l'Operatore Conferenza; "
		"Server front-end che esegue l'operatore di conferenza; "
		"Front End Server con Operatore Conferenza; "
		"Server Front End che esegue l'Operatore di conferenza; "
		"Server Front End che esegue Conferencing Attendant"},
	{"front-end-pool", "Pool Front End; Pool di Front End Server; Pool di server Front End"},
	{"director", "Director; Server Director; Direttori; Amministratori; Directors"},
	{"director-pool", "Pool di Director; Pool Director"},
	{"mediation-server", "Mediation Server; Server di mediazione; Server Mediation; Mediation Server(s)"},
	{"edge-server", "Edge Server; Server perimetrale; Server perimetrali; Server Edge"},
	{"access-edge-server",
		"Access Edge Server; Servizio Access Edge; Servizio Access Edge del server perimetrale; "
		"Server perimetrale - Servizio Access Edge; Accesso; Server perimetrale di accesso; "
		"Servizio perimetrale di accesso; Access Edge; Servizio Access Edge di Edge Server"},
	{"web-conferencing-edge-server",
		"Web Conferencing Edge Server; Servizio Web Conferencing Edge; "
		"Servizio Web Conferencing Edge del server perimetrale; Conferenza Web; Conferenze Web; "
		"Server perimetrale per conferenze Web; Web Conferencing Edge; "
		"Servizio perimetrale per conferenze Web"},
	{"av-edge-server",
		"A/V Edge Server; Servizio A/V Edge; Servizio A/V Edge del server perimetrale; A/V Edge; "
		"Server perimetrale A/V; Servizio perimetrale A/V"},
	{"av-edge-server-internal",
		"A/V Edge Server interno; Server perimetrale A/V interno; Interno A/V Edge Server; "
		"A/V Edge Server (interno); Interfaccia interna A/V Edge Server"},
	{"av-edge-server-external",
		"A/V Edge Server esterno; Server perimetrale A/V esterno; Esterno A/V Edge Server; "
		"A/V Edge Server (esterno); Interfaccia esterna A/V Edge Server"},
	{"xmpp-proxy", "Servizio proxy XMPP; Proxy XMPP"},
	{"xmpp-gateway", "Gateway XMPP; Servizio gateway XMPP; Gateway XMPP del Front End Server"},
	{"reverse-proxy", "Proxy inverso; Server proxy inverso; Reverse proxy; Server di proxy inverso"},
	{"office-web-apps-server",
		"Server Office Web Apps; Office Web Apps Server; Server di Office Web Apps; "
		"Office Online Server"},
	{"persistent-chat-server",
		"Front End Server Persistent Chat; Server Front End della chat persistente; "
		"Front End Server per Chat persistente; Server Chat persistente; "
		"Server front-end di chat persistente; Front End Server di Persistent Chat; "
		"Persistent Chat Server; Front End Server chat persistente"},
	{"group-chat-server", "Server di Chat di gruppo; Server Chat di gruppo; Group Chat Server"},
	{"monitoring-server", "Server di monitoraggio; Monitoring Server"},
	{"archiving-server", "Server di archiviazione; Archiving Server"},
	{"communicator-web-access-server",
		"Server Communicator Web Access; Server di Communicator Web Access"},
	{"application-sharing-server",
		"Server di condivisione applicazioni; Server per la condivisione delle applicazioni; "
		"Server di condivisione delle applicazioni"},
	{"exchange-unified-messaging",
		"Messaggistica unificata di Exchange; Messaggistica unificata Exchange"},
	{"conferencing-server", "Server di conferenza; Server A/V Conferencing; Server di conferenza A/V"},
	{"web-conferencing-server",
		"Server di conferenza Web; Web Conferencing Server; Server Web Conferencing"},
	{"survivable-branch-appliance", "Survivable Branch Appliance"},
	{"pstn-gateway", "Gateway PSTN; Gateway"},
	{"e911-gateway", "Gateway E9-1-1; Gateway 9-1-1 avanzato (E9-1-1)"},
	{"pbx", "Sistema PBX; Centralino"},
	{"remote-call-control-server", "Server di controllo delle chiamate remote; Server di linea RCC"},
	{"file-share-server", "Server di condivisione file; File server"},
	{"central-management-store", "Archivio di gestione centrale; Server di gestione centrale"},
	{"domain-controller", "Controller di dominio; Controller di dominio di Active Directory"},
	{"global-catalog", "Catalogo globale; Server di catalogo globale"},
	{"any", "Qualsiasi; Tutti; Tutte; Qualunque; Qualsiasi indirizzo IP; Any"},
	{"front-end-load-balancer",
		"Bilanciamento del carico di Front End Server; "
		"Bilanciamento del carico del Front End Server; "
		"Servizio di bilanciamento del carico di Front End Server; "
		"Servizio di bilanciamento del carico del server Front End; "
		"Bilanciamento del carico del server front-end; "
		"Dispositivo di bilanciamento del carico di Front End Server; "
		"Servizio di bilanciamento del carico Front End Server; "
		"Bilanciamento del carico dei server Front End"},
	{"front-end-load-balancer-collocated-mediation",
		"Bilanciamento del carico di Front End Server (se nel pool è in esecuzione anche il "
		"Mediation Server); Servizio di bilanciamento del carico del server Front End (se il pool "
		"esegue anche Mediation Server); Bilanciamento del carico del Front End Server (se il pool "
		"esegue anche il Mediation Server); Bilanciamento del carico del server front-end (se il "
		"pool esegue anche il server di mediazione); Servizio di bilanciamento del carico di Front "
		"End Server (se il pool esegue anche Mediation Server); "
		"Bilanciamento del carico di Front End Server (se il pool esegue anche Mediation Server); "
		"Servizio di bilanciamento del carico di Front End Server (se nel pool viene eseguito anche "
		"Mediation Server)"},
	{"mediation-load-balancer",
		"Bilanciamento del carico di Mediation Server; "
		"Bilanciamento del carico del server di mediazione; "
		"Servizio di bilanciamento del carico del Mediation Server; "
		"Servizio di bilanciamento del carico di Mediation Server; "
		"Servizio di bilanciamento del carico del server Mediation"},
	{"director-load-balancer",
		"Bilanciamento del carico di Director; Servizio di bilanciamento del carico del Director; "
		"Bilanciamento del carico del Director; Servizio di bilanciamento del carico di Director; "
		"Servizio di bilanciamento del carico Director; Bilanciamento del carico Director"},
	{"edge-load-balancer",
		"Bilanciamento del carico del server perimetrale; Bilanciamento del carico di Edge Server; "
		"Servizio di bilanciamento del carico di Edge Server; "
		"Servizio di bilanciamento del carico del server perimetrale"},
	{"sql-browser", "SQL Browser; Browser SQL; SQL Server Browser"},
	{"front-end-service", "Servizio Front End; Servizio Front-End; Servizio Front End Server"},
	{"im-conferencing-service",
		"Servizio IM Conferencing; Servizio di conferenza IM; "
		"Servizio di messaggistica istantanea per conferenze; "
		"Servizio per le conferenze di messaggistica istantanea; Servizio conferenze IM; "
		"Servizio di conferenza di messaggistica istantanea; "
		"Servizio conferenze di messaggistica istantanea"},
	{"web-conferencing-service",
		"Servizio Web Conferencing; Servizio di conferenza Web; Servizio per conferenze Web; "
		"Servizio conferenze Web; Servizio di conferenze Web"},
	{"web-conferencing-compatibility-service",
		"Servizio di compatibilità Web Conferencing; Servizio di compatibilità per conferenze Web; "
		"Servizio Web Conferencing Compatibility; Servizio di compatibilità conferenze Web; "
		"Servizio di compatibilità con le conferenze Web"},
	{"av-conferencing-service",
		"Servizio Audio/Video Conferencing; Servizio A/V Conferencing; "
		"Servizio di conferenza audio/video; Servizio per conferenze audio/video; "
		"Servizio di conferenze audio/video; Servizio conferenze audio/video; Servizio conferenze A/V"},
	{"web-compatibility-service", "Servizio di compatibilità Web; Servizio Web Compatibility"},
	{"web-server-component",
		"Componente server Web; Componente del server Web; Componenti Web; Componente Server Web"},
	{"mobility-services",
		"Componente Servizi per dispositivi mobili; Componente dei servizi per dispositivi mobili; "
		"Componente Mobility Services; Componente Servizi per la mobilità; "
		"Componente Servizio per dispositivi mobili; Componente dei servizi di mobilità; "
		"Componente Servizi di mobilità"},
	{"conferencing-attendant-service",
		"Servizio Operatore Conferenza (conferenza telefonica con accesso esterno); "
		"Servizio Operatore Conferenza (conferenze telefoniche con accesso esterno); "
		"Servizio Conferencing Attendant (conferenze telefoniche con accesso esterno); "
		"Servizio Operatore Conferenza; "
		"Servizio Operatore Conferenza (servizi di conferenza telefonica con accesso esterno); "
		"Servizio Operatore di conferenza (conferenze telefoniche con accesso esterno); "
		"Operatore Conferenza"},
	{"mediation-service", "Servizio Mediation; Servizio Mediation Server; Servizio di mediazione"},
	{"application-sharing-service",
		"Servizio di condivisione applicazioni; Servizio Application Sharing; "
		"Servizio di condivisione delle applicazioni; Servizio Condivisione applicazioni"},
	{"conferencing-announcement-service",
		"Servizio Annuncio Conferenza; Servizio Conferencing Announcement; "
		"Servizio di annuncio conferenza; Servizio di annuncio delle conferenze; "
		"Servizio Annuncio conferenze; Servizio di annunci per conferenze"},
	{"call-park-service",
		"Servizio Parcheggio di chiamata; Servizio Call Park; Servizio di parcheggio chiamate; "
		"Servizio Parcheggio chiamate; Servizio di parcheggio di chiamata"},
	{"audio-test-service", "Servizio Test audio; Servizio Audio Test; Servizio di test audio"},
	{"response-group-service",
		"Servizio Response Group; Servizio Gruppo di risposta; Servizio Gruppi di risposta; "
		"Servizio di gruppo di risposta"},
	{"bandwidth-policy-service",
		"Servizio Criteri di larghezza di banda; Servizio Bandwidth Policy; "
		"Servizio criteri larghezza di banda; Servizio di criteri di larghezza di banda"},
	{"file-share-access", "Accesso al server di condivisione file"},
	{"master-replicator-agent",
		"Servizio Agente di replica principale; Servizio Master Replicator Agent; "
		"Servizio agente di replica master; Servizio Agente Master Replicator; "
		"Servizio Agente replicatore master"},
	{"persistent-chat-sip", "Persistent Chat SIP; SIP chat persistente; SIP di chat persistente"},
	{"persistent-chat-wcf",
		"Persistent Chat Windows Communication Foundation (WCF); "
		"Windows Communication Foundation (WCF) chat persistente; WCF chat persistente; "
		"Windows Communication Foundation (WCF) per chat persistente"},
	{"persistent-chat-file-transfer",
		"Servizio di trasferimento file Persistent Chat; "
		"Servizio trasferimento file chat persistente; "
		"Servizio di trasferimento file di chat persistente; "
		"Servizio di trasferimento file per Chat persistente"},
	{"various", "Vari; Varie; Diversi"},
	{"not-applicable", "Non applicabile; Nessuno; N/D; N/A; Non disponibile; Nessuna"},
	{"uc-client",
		"Client; Clienti; Client Lync; Client Skype for Business; Client di Skype for Business; "
		"I client"},
	{"office-communicator", "Client Communicator; Client di Communicator"},
	{"live-meeting-2007", "Client Live Meeting 2007; Client Live Meeting"},
	{"aastra-6721ip",
		"Telefono Aastra 6721ip per area comune; Telefono per aree comuni Aastra 6721ip; "
		"Telefono dell'area comune Aastra 6721ip; Aastra 6721ip (telefono per aree comuni); "
		"Telefono area comune Aastra 6721ip"},
	{"aastra-6725ip",
		"Telefono da tavolo Aastra 6725ip; Telefono fisso Aastra 6725ip; "
		"Aastra 6725ip (telefono da tavolo); Telefono da scrivania Aastra 6725ip"},
	{"hp-4110",
		"Telefono IP HP 4110 (telefono per area comune); "
		"Telefono IP HP 4110 (telefono per aree comuni); Telefono IP HP 4110; "
		"Telefono IP HP 4110 (telefono area comune); Telefono IP HP 4110 (telefono dell'area comune)"},
	{"hp-4120",
		"Telefono IP HP 4120 (telefono da tavolo); Telefono IP HP 4120; "
		"Telefono IP HP 4120 (telefono fisso); Telefono IP HP 4120 (telefono da scrivania)"},
	{"polycom-cx500",
		"Telefono IP Polycom CX500 per area comune; Telefono IP per aree comuni Polycom CX500; "
		"Telefono IP Polycom CX500; Telefono area comune IP Polycom CX500; "
		"Telefono dell'area comune IP Polycom CX500"},
	{"polycom-cx600",
		"Telefono IP da tavolo Polycom CX600; Telefono IP Polycom CX600; "
		"Telefono fisso IP Polycom CX600; Telefono IP da scrivania Polycom CX600"},
	{"polycom-cx700",
		"Telefono IP da tavolo Polycom CX700; Telefono IP Polycom CX700; "
		"Telefono fisso IP Polycom CX700; Telefono IP da scrivania Polycom CX700"},
	{"polycom-cx3000",
		"Telefono IP per conferenze Polycom CX3000; Telefono IP Polycom CX3000; "
		"Telefono per conferenze IP Polycom CX3000"},
	{"server-ports",
		"Porte server necessarie (in base al ruolo del server); "
		"Porte server necessarie (per ruolo del server); "
		"Porte server obbligatorie (per ruolo server); Porte server necessarie (per ruolo server); "
		"Porte del server richieste (per ruolo del server)"},
	{"hlb-only-ports",
		"Porte del servizio di bilanciamento del carico hardware se si utilizza solo il "
		"bilanciamento del carico hardware; Porte di bilanciamento del carico hardware se si "
		"utilizza solo il bilanciamento del carico hardware; Porte del servizio di bilanciamento del "
		"carico hardware se si usa solo il bilanciamento del carico hardware"},
	{"dns-lb-ports",
		"Porte del servizio di bilanciamento del carico hardware se si utilizza il bilanciamento del "
		"carico DNS; Porte di bilanciamento del carico hardware se si utilizza il bilanciamento del "
		"carico DNS; Porte del servizio di bilanciamento del carico hardware se si usa il "
		"bilanciamento del carico DNS"},
	{"client-ports",
		"Porte client necessarie; Porte client obbligatorie; Porte client richieste; "
		"Porte del client necessarie"},
	{"ipsec-exceptions", "Eccezioni IPsec consigliate; Eccezioni IPsec"},
	{"ocs-ports",
		"Tabella 1. Porte e protocolli utilizzati da server e client Office Communications Server; "
		"Porte e protocolli utilizzati da server e client di Office Communications"},
	{"server-role", "Ruolo del server; Ruolo server; Ruolo; Server; Ruoli server"},
	{"service-name", "Nome servizio; Nome del servizio; Servizio; Servizi"},
	{"port",
		"Porta; Porte; Porto; Numero di porta; Intervallo di porte; Porta o intervallo di porte; "
		"Numero porta"},
	{"protocol", "Protocollo; Protocolli"},
	{"transport", "TCP o UDP; Trasporto; Protocollo di trasporto; UDP o TCP"},
	{"role-or-protocol", "Ruolo o protocollo"},
	{"compound",
		"Ruolo/Protocollo/TCP o UDP/Porta; Protocollo/TCP o UDP/Porta; Ruolo/Protocollo/Porta; "
		"Protocollo/Porta; Ruolo/Protocollo/TCP/UDP/Porta; Protocollo/TCP/UDP/Porta; "
		"Protocollo/TCP o UDP/Porta o intervallo di porte"},
	{"direction", "Direzione; Direzione del traffico"},
	{"notes", "Note; Commenti; Scopo; Descrizione; Nota; Utilizzo; Uso; Osservazioni"},
	{"load-balancer",
		"Bilanciamento del carico; Servizio di bilanciamento del carico; "
		"Dispositivo di bilanciamento del carico; Bilanciamento del carico hardware; "
		"Sistema di bilanciamento del carico; Load balancer"},
	{"component",
		"Componente; Componente (ruolo server o client); Componenti; "
		"Componente (ruolo del server o client)"},
	{"rule-name", "Nome regola; Nome della regola; Regola"},
	{"source-ip", "IP di origine; Indirizzo IP di origine; Origine; IP origine; Indirizzo di origine"},
	{"destination-ip",
		"IP di destinazione; Indirizzo IP di destinazione; Destinazione; IP destinazione; "
		"Indirizzo di destinazione"},
	{"source-port",
		"Porta di origine; Porta di origine o intervallo di porte; Porte di origine; Porta origine"},
	{"destination-port",
		"Porta di destinazione; Porta di destinazione o intervallo di porte; Porte di destinazione; "
		"Porta destinazione"},
	{"authentication-requirement",
		"Requisito di autenticazione; Requisiti di autenticazione; Requisito autenticazione; "
		"Autenticazione; Requisiti per l'autenticazione"},
	{"do-not-authenticate",
		"Non autenticare; Nessuna autenticazione; Non eseguire l'autenticazione; Senza autenticazione"},
	{"media-port-range",
		"Intervallo di porte multimediali specificato; Intervallo porte multimediali specificato; "
		"Intervallo di porte per file multimediali specificato; "
		"Intervallo di porte specificato per i supporti; "
		"Intervallo di porte multimediale specificato; "
		"Intervallo di porte per elementi multimediali specificato"},
	{"av-edge-internal-inbound",
		"A/V Edge Server interno in ingresso; Server perimetrale A/V interno in ingresso; "
		"A/V Edge Server interno in entrata; Server perimetrale A/V interno in entrata"},
	{"av-edge-external-inbound",
		"A/V Edge Server esterno in ingresso; Server perimetrale A/V esterno in ingresso; "
		"A/V Edge Server esterno in entrata; Server perimetrale A/V esterno in entrata"},
	{"av-edge-internal-outbound",
		"A/V Edge Server interno in uscita; Server perimetrale A/V interno in uscita"},
	{"av-edge-external-outbound",
		"A/V Edge Server esterno in uscita; Server perimetrale A/V esterno in uscita"},
	{"mediation-inbound",
		"Mediation Server in ingresso; Server di mediazione in ingresso; "
		"Mediation Server in entrata; Server Mediation in ingresso"},
	{"mediation-outbound",
		"Mediation Server in uscita; Server di mediazione in uscita; Server Mediation in uscita"},
	{"conferencing-attendant-inbound",
		"Operatore Conferenza in ingresso; Operatore Conferenza in entrata; "
		"Operatore di conferenza in ingresso; Conferencing Attendant in ingresso"},
	{"conferencing-attendant-outbound",
		"Operatore Conferenza in uscita; Operatore di conferenza in uscita; "
		"Conferencing Attendant in uscita"},
	{"av-conferencing-inbound",
		"Conferenza A/V in ingresso; Conferenze A/V in ingresso; A/V Conferencing in ingresso; "
		"Conferenza A/V in entrata"},
	{"av-conferencing-outbound",
		"Conferenza A/V in uscita; Conferenze A/V in uscita; A/V Conferencing in uscita"},
	{"exchange-inbound", "Exchange in ingresso; Exchange in entrata"},
	{"exchange-outbound", "Exchange in uscita"},
	{"application-sharing-inbound",
		"Server di condivisione applicazioni in ingresso; "
		"Server per la condivisione delle applicazioni in ingresso; "
		"Server di condivisione applicazioni in entrata; "
		"Server di condivisione delle applicazioni in ingresso"},
	{"application-sharing-outbound",
		"Server di condivisione applicazioni in uscita; "
		"Server per la condivisione delle applicazioni in uscita; "
		"Server di condivisione delle applicazioni in uscita"},
	{"clients", "Client"},
	{NULL, NULL},
};
/* clang-format on */
