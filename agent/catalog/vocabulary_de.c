/*
 * Ids of the vocabulary come with further names that German pages print for them, divided by "; ".
 * Variants are listed where wordings differ: order of words, accents and a plural s make none. A name that two ids of
 * one kind share is refused by the tests.
 */
#include "catalog/vocabulary.h"

/* clang-format off */
const struct vocabulary_names vocabulary_de[] = {
	{"skype-for-business-server", "Skype für Business Server"},
	{"all-servers", "Sämtliche Server"},
	{"all-internal-servers", "Alle interne Server; Sämtliche internen Server"},
	{"front-end-server",
		"Front-End-Servers; Standard Edition-Server; Front-End-Server oder Standard Edition-Server"},
	{"front-end-server-collocated-mediation",
		"Front-End-Server, auf denen auch ein verbundener Vermittlungsserver ausgeführt wird; "
		"Front-End-Server, auf denen auch ein zusammengestellter Vermittlungsserver ausgeführt wird; "
		"Front-End-Server, auf denen auch ein gemeinsam angeordneter Vermittlungsserver ausgeführt "
		"wird; Front-End-Server mit verbundenem Vermittlungsserver"},
	{"front-end-server-cms",
		"Front-End-Server, auf dem sich der zentrale Verwaltungsspeicher befindet; "
		"Front-End-Server mit dem zentralen Verwaltungsspeicher; "
		"Front-End-Server, in denen sich der zentrale Verwaltungsspeicher befindet"},
	{"front-end-server-conferencing-attendant",
		"Front-End-Server mit Konferenzzentrale; "
		"Front-End-Server, auf dem die Telefonzentrale ausgeführt wird"},
	{"front-end-pool", "Front-End-Serverpool; Front-End-Serverpools; Enterprise-Pool; Enterprise-Pools"},
	{"mediation-server", "Vermittlungsservers; Mediationsserver; Eigenständiger Vermittlungsserver"},
	{"edge-server", "Edge-Server; Edge; Edgeservern; Interne Schnittstelle des Edgeservers; Externe Schnittstelle des Edgeservers"},
	{"access-edge-server",
		"Zugriffs-Edge; Zugriffs-Edgedienst; Zugriffsedgeserver; Zugriffs-Edge-Server; "
		"Zugriffsedgedienst; Edgeserver-Zugriffs-Edgedienst; Edgeserver, Zugriffs-Edgedienst; "
		"Zugriff; Zugriffs-Edgedienst des Edgeservers; Edgeserver: Zugriffs-Edgedienst; "
		"Access Edge-Dienst; Edgeserver Access Edge-Dienst; Edgeserver-Access Edge-Dienst"},
	{"web-conferencing-edge-server",
		"Webkonferenz-Edge; Webkonferenz-Edgedienst; Webkonferenzedgeserver; "
		"Webkonferenz-Edge-Server; Edgeserver-Webkonferenz-Edgedienst; "
		"Webkonferenz-Edgedienst des Edgeservers; Webkonferenz; Webkonferenzen; "
		"Edgeserver Webkonferenz-Edgedienst"},
	{"av-edge-server",
		"A/V-Edge-Server; A/V-Edgedienst; A/V-Edge-Dienst; Edgeserver-A/V-Edgedienst; "
		"A/V-Edgedienst des Edgeservers; Edgeserver A/V-Edgedienst; Edgeserver A/V Edge-Dienst; "
		"Audio/Video-Edgeserver"},
	{"av-edge-server-internal",
		"A/V-Edgeserver (intern); A/V-Edge-Server, intern; Interner A/V-Edgeserver"},
	{"av-edge-server-external",
		"A/V-Edgeserver (extern); A/V-Edge-Server, extern; Externer A/V-Edgeserver"},
	{"xmpp-proxy", "XMPP-Proxydienst; XMPP-Proxy; Edgeserver-XMPP-Proxydienst; XMPP-Proxy-Dienst"},
	{"xmpp-gateway",
		"XMPP-Gatewaydienst; XMPP-Gateway; Front-End-Server-XMPP-Gateway; "
		"XMPP-Gateway des Front-End-Servers"},
	{"reverse-proxy",
		"Reverseproxyserver; Reverse-Proxy; Reverse-Proxyserver; HTTP-Reverseproxy; "
		"Reverse-Proxy-Server"},
	{"office-web-apps-server", "Office Web Apps Server; Office Web-Apps-Server; Office Online Server"},
	{"persistent-chat-server",
		"Server für beständigen Chat; Beständiger Chat-Front-End-Server; "
		"Front-End-Server für permanenten Chat; Persistent Chat Front-End-Server; "
		"Persistenter Chat-Front-End-Server; Front-End-Server für dauerhafte Chats"},
	{"group-chat-server", "Gruppenchat; Gruppenchat-Server"},
	{"monitoring-server", "Überwachungsserver"},
	{"archiving-server", "Archivierung"},
	{"application-sharing-server", "Anwendungsfreigabe-Server; Anwendungsfreigabeserver"},
	{"exchange-unified-messaging", "Exchange UM; Exchange Server Unified Messaging"},
	{"conferencing-server", "A/V-Konferenzserver"},
	{"survivable-branch-appliance", "Survivable Branch-Appliance; Survivable Branch Server"},
	{"pstn-gateway", "Telefonfestnetzgateway; Festnetzgateway; IP-PSTN-Gateway"},
	{"file-share-server", "Dateiserver; Dateispeicher"},
	{"central-management-store", "zentraler Verwaltungsserver; zentralen Verwaltungsspeicher"},
	{"domain-controller", "Active Directory-Domänencontroller"},
	{"global-catalog", "globaler Katalogserver"},
	{"any", "Alle; Beliebige; Beliebiger; Jeder; Jede; Beliebige IP-Adresse"},
	{"front-end-load-balancer",
		"Front-End-Server-Lastenausgleich; Front-End-Lastenausgleich; "
		"Lastenausgleich für Front-End-Server; Lastenausgleichssystem für Front-End-Server; "
		"Front-End-Serverlastenausgleichsmodul; Front-End-Server-Lastenausgleichsmodul"},
	{"front-end-load-balancer-collocated-mediation",
		"Front-End-Server-Lastenausgleich (wenn der Pool auch Vermittlungsserver ausführt); "
		"Front-End-Serverlastenausgleichsmodul (wenn der Pool auch Vermittlungsserver ausführt); "
		"Front-End-Serverlastenausgleich (wenn im Pool auch ein Vermittlungsserver ausgeführt wird)"},
	{"mediation-load-balancer",
		"Vermittlungsserverlastenausgleich; Lastenausgleich für Vermittlungsserver; "
		"System zum Lastenausgleich für Vermittlungsserver; Vermittlungsserver-Lastenausgleichsmodul"},
	{"director-load-balancer",
		"Directorlastenausgleich; Lastenausgleich für Directors; "
		"Lastenausgleichssystem für Director; Director-Lastenausgleichsmodul; "
		"System zum Lastenausgleich für Directors"},
	{"edge-load-balancer",
		"Edgeserver-Lastenausgleich; Edgeserverlastenausgleich; Lastenausgleich für Edgeserver; "
		"Edgeserver-Lastenausgleichssystem; Edgeserver-Lastenausgleichsmodul"},
	{"sql-browser", "SQL Server-Browser; SQL-Browserdienst"},
	{"front-end-service", "Front-End-Serverdienst"},
	{"im-conferencing-service",
		"Sofortnachrichten-Konferenzdienst; Chatkonferenz-Dienst; Chatkonferenzen"},
	{"web-conferencing-service", "Webkonferenz-Dienst; Webkonferenzserver"},
	{"web-conferencing-compatibility-service",
		"Webkonferenz-Kompatibilitätsdienst; Dienst für Webkonferenzkompatibilität"},
	{"av-conferencing-service", "Audio/Video-Konferenzdienst; A/V-Konferenzserver"},
	{"web-compatibility-service", "Web-Kompatibilitätsdienst"},
	{"web-server-component",
		"Web-Serverkomponente; Webserver-Komponente; Webserverkomponenten; Webdienste"},
	{"mobility-services",
		"Komponente für Mobilitätsdienste; Mobilitätsdienst; Mobilitätsdienste; "
		"Mobilitätsdienst-Komponente"},
	{"conferencing-attendant-service",
		"Konferenzzentralendienst; Konferenzzentrale (Einwahlkonferenzen); Dienst Konferenzzentrale; "
		"Konferenzzentralendienst (Einwahlkonferenz)"},
	{"mediation-service", "Vermittlungsserverdienst"},
	{"application-sharing-service", "Dienst für die Anwendungsfreigabe; Anwendungsfreigabe-Dienst"},
	{"conferencing-announcement-service", "Konferenzansagedienst; Konferenzankündigungs-Dienst"},
	{"call-park-service", "Dienst für das Parken von Anrufen; Parken von Anrufen; Anrufparkdienst"},
	{"audio-test-service", "Audiotest-Dienst; Dienst für Audiotests"},
	{"response-group-service",
		"Antwortgruppendienst; Reaktionsgruppen-Dienst; Antwortgruppe; Reaktionsgruppe"},
	{"bandwidth-policy-service", "Bandbreitenrichtlinien-Dienst; Dienst für die Bandbreitenrichtlinie"},
	{"file-share-access", "Dateifreigabezugriff; Zugriff auf Dateifreigabeserver"},
	{"master-replicator-agent",
		"Masterreplikator-Agent-Dienst; Master-Replikator-Agent; Masterreplikatoragent-Dienst"},
	{"persistent-chat-sip",
		"Beständiger Chat SIP; SIP für permanenten Chat; SIP für den beständigen Chat"},
	{"persistent-chat-wcf",
		"WCF für beständigen Chat; Beständiger Chat Windows Communication Foundation (WCF)"},
	{"persistent-chat-file-transfer",
		"Dateiübertragung für beständigen Chat; Beständiger Chat-Dateiübertragungsdienst"},
	{"various", "Diverse; Verschiedenes"},
	{"not-applicable", "Nicht anwendbar; Keine; Entfällt; k. A."},
	{"uc-client",
		"Client; Lync-Client; Lync 2013-Client; Skype for Business-Client; "
		"Skype for Business Clients; Skype for Business-Clients"},
	{"office-communicator", "Communicator; Communicator-Client; Office Communicator-Clients"},
	{"aastra-6721ip", "Telefon Aastra 6721ip; Aastra 6721ip-Telefon für öffentliche Bereiche"},
	{"aastra-6725ip",
		"Aastra 6725ip-Tischtelefon; Aastra 6725ip (Telefonapparat); Tischtelefon Aastra 6725ip"},
	{"hp-4110", "HP 4110 IP-Telefon; IP-Telefon HP 4110"},
	{"hp-4120", "HP 4120 IP-Telefon (Tischtelefon); IP-Telefon HP 4120"},
	{"polycom-cx500", "Polycom CX500 IP-Telefon für öffentliche Bereiche; Polycom CX500-IP-Telefon"},
	{"polycom-cx600", "Polycom CX600-IP-Tischtelefon; Polycom CX600 IP-Telefonapparat"},
	{"polycom-cx700", "Polycom CX700 IP-Tischtelefon"},
	{"polycom-cx3000", "Polycom CX3000 IP-Konferenztelefon"},
	{"server-ports", "Erforderliche Serverports; Erforderliche Serverports nach Serverrolle"},
	{"hlb-only-ports",
		"Ports des Hardwarelastenausgleichs, wenn nur Hardwarelastenausgleich verwendet wird; "
		"Hardwarelastenausgleichsports bei ausschließlicher Verwendung des Hardwarelastenausgleichs"},
	{"dns-lb-ports",
		"Hardwarelastenausgleichsports, wenn DNS-Lastenausgleich verwendet wird; "
		"Hardwarelastenausgleichs-Ports bei Verwendung des DNS-Lastenausgleichs"},
	{"client-ports", "Benötigte Clientports"},
	{"ipsec-exceptions", "IPsec-Ausnahmen"},
	{"server-role", "Rolle; Server; Serverrollen"},
	{"service-name", "Dienst; Dienste; Name des Dienstes"},
	{"port", "Ports; Portnummer; Portbereich; Port oder Portbereich; Anschluss"},
	{"protocol", "Protokolle; Anwendungsprotokoll"},
	{"transport", "TCP oder UDP; Transportprotokoll; UDP oder TCP"},
	{"role-or-protocol", "Rolle oder Protokoll"},
	{"compound",
		"Rolle/Protokoll/TCP oder UDP/Port; Protokoll/TCP oder UDP/Port; Rolle/Protokoll/Port; "
		"Protokoll/Port; Rolle/Protokoll/TCP/UDP/Port; Protokoll/TCP/UDP/Port; "
		"Protokoll/TCP oder UDP/Port oder Portbereich"},
	{"direction", "Richtung; Datenverkehrsrichtung"},
	{"notes",
		"Bemerkungen; Zweck; Hinweis; Anmerkung; Kommentare; Beschreibung; Verwendung; Kommentar; "
		"Verwendungszweck"},
	{"load-balancer",
		"Lastenausgleichsmodul; Lastenausgleichsgerät; Hardwarelastenausgleich; Lastausgleich; "
		"Lastenausgleichssysteme"},
	{"component", "Komponenten"},
	{"rule-name", "Name der Regel; Regel"},
	{"source-ip", "Quelle; Quell-IP-Adresse; IP-Adresse der Quelle; Quelladresse; Quell-IP-Adressen"},
	{"destination-ip", "Ziel; Ziel-IP-Adresse; IP-Adresse des Ziels; Zieladresse; Ziel-IP-Adressen"},
	{"source-port", "Quellports; Quellport oder Portbereich; Quell-Port; Quellportbereich"},
	{"destination-port",
		"Zielports; Zielport oder Portbereich; Ziel-Port; Zielportbereich; "
		"Zielport oder Zielportbereich"},
	{"authentication-requirement", "Authentifizierungsanforderungen; Authentifizierung"},
	{"do-not-authenticate", "Keine Authentifizierung"},
	{"media-port-range",
		"Angegebener Portbereich für Medien; Festgelegter Medienportbereich; Medienportbereich"},
	{"av-edge-internal-inbound", "A/V-Edgeserver intern, eingehend"},
	{"av-edge-external-inbound", "A/V-Edgeserver extern, eingehend"},
	{"av-conferencing-inbound", "A/V-Konferenzen, eingehend"},
	{"av-conferencing-outbound", "A/V-Konferenzserver, ausgehend"},
	{"clients", "Client"},
	{NULL, NULL},
};
/* clang-format on */
