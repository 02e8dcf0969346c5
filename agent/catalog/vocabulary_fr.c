/*
 * Ids of the vocabulary come with the names that French editions print for them, divided by "; ".
 * Variants are listed where wordings differ: order of words, accents and a plural s make none. A name that two ids of
 * one kind share is refused by the tests.
 */
#include "catalog/vocabulary.h"

/* clang-format off */
const struct vocabulary_names vocabulary_fr[] = {
	{"skype-for-business-server",
		"Skype Entreprise Server; Skype Entreprise Server 2019; serveur Skype Entreprise; "
		"Skype pour Business Server"},
	{"skype-for-business-server-2015", "Skype Entreprise Server 2015; Skype pour Business Server 2015"},
	{"skype-for-business-online", "Skype Entreprise Online; Skype for Business en ligne"},
	{"all-servers", "Tous les serveurs; Tous serveurs"},
	{"all-internal-servers", "Tous les serveurs internes; L'ensemble des serveurs internes"},
	{"front-end-server",
		"Serveurs frontaux; Serveur frontal; Serveurs Front End; Serveur Front-End; "
		"Serveurs frontaux Front-End"},
	{"front-end-server-collocated-mediation",
		"Serveurs frontaux qui exécutent également un serveur de médiation colocalisé; "
		"Serveurs frontaux qui exécutent également un serveur de médiation colocataire; "
		"Serveurs frontaux exécutant également un serveur de médiation colocalisé; "
		"Serveurs Front End qui exécutent également un serveur de médiation colocalisé; "
		"Serveurs frontaux qui exécutent aussi un serveur de médiation colocalisé; "
		"Serveurs frontaux exécutant également un serveur de médiation combiné; "
		"Serveur frontal exécutant également un serveur de médiation colocalisé"},
	{"front-end-server-cms",
		"Serveurs frontaux où réside le magasin central de gestion; "
		"Serveurs frontaux hébergeant le magasin central de gestion; "
		"Serveurs frontaux où se trouve le magasin central de gestion; "
		"Serveurs frontaux sur lesquels réside le magasin central de gestion; "
		"Serveurs frontaux dans lesquels réside le magasin de gestion centrale; "
		"Serveurs frontaux où réside le magasin de gestion centralisée; "
		"Serveur frontal hébergeant le magasin central de gestion"},
	{"front-end-server-conferencing-attendant",
		"Serveur frontal exécutant le standard de conférence; "
		"Serveur frontal exécutant le Standard de conférence; "
		"Serveur frontal exécutant Conferencing Attendant; "
		"Serveurs frontaux exécutant le standard de conférence; "
		"Serveur frontal exécutant l'Opérateur de conférence"},
	{"front-end-pool", "Pool frontal; Pool de serveurs frontaux; Pools frontaux; Pool Front End"},
	{"director", "Directeurs; Directeur; Serveurs Director; Administrateurs; Serveur Directeur"},
	{"director-pool", "Pool de directeurs; Pool Directeur; Pools de directeurs"},
	{"mediation-server",
		"Serveurs de médiation; Serveur de médiation; Serveur(s) de médiation; Serveur Mediation; "
		"Médiation Serveur"},
	{"edge-server",
		"Serveur Edge; Serveurs Edge; Serveur de périphérie; Serveurs de périphérie; "
		"Serveur Edge consolidé"},
	{"access-edge-server",
		"Serveur Edge d'accès; Service Edge d'accès; Accès Edge; "
		"Service Edge d'accès du serveur Edge; Serveur Edge – Service Edge d'accès; Accès; "
		"Edge d'accès; Service Access Edge"},
	{"web-conferencing-edge-server",
		"Serveur Edge de conférence Web; Service Edge de conférence Web; "
		"Service Edge de conférence Web du serveur Edge; "
		"Serveur Edge – Service Edge de conférence Web; Conférence Web; Conférences Web; "
		"Edge de conférence Web"},
	{"av-edge-server",
		"Serveur Edge A/V; Service Edge A/V; Service Edge A/V du serveur Edge; "
		"Serveur Edge – Service Edge A/V; Edge A/V; Serveur A/V Edge; Service A/V Edge"},
	{"av-edge-server-internal",
		"Serveur Edge A/V interne; Interne du serveur Edge A/V; Serveur Edge A/V (interne); "
		"Serveur Edge A/V - interne; Interne au serveur Edge A/V"},
	{"av-edge-server-external",
		"Serveur Edge A/V externe; Externe du serveur Edge A/V; Serveur Edge A/V (externe); "
		"Serveur Edge A/V - externe; Externe au serveur Edge A/V"},
	{"xmpp-proxy", "Service proxy XMPP; Proxy XMPP; Service de proxy XMPP"},
	{"xmpp-gateway", "Passerelle XMPP; Service de passerelle XMPP; Passerelle XMPP du serveur frontal"},
	{"reverse-proxy", "Proxy inverse; Serveur proxy inverse; Serveur de proxy inverse; Proxy inversé"},
	{"office-web-apps-server",
		"Serveur Office Web Apps; Office Web Apps Server; Serveur Office Online; "
		"Serveur d'applications web Office"},
	{"persistent-chat-server",
		"Serveur frontal de conversation permanente; Serveur frontal Persistent Chat; "
		"Serveur frontal de chat permanent; Serveur de conversation permanente; "
		"Serveur frontal de conversation persistante; Serveur Persistent Chat; "
		"Serveur frontal Chat permanent"},
	{"group-chat-server", "Serveur de conversation de groupe; Serveur Group Chat"},
	{"monitoring-server", "Serveur de surveillance; Serveur de contrôle; Serveur Monitoring"},
	{"archiving-server", "Serveur d'archivage"},
	{"communicator-web-access-server", "Serveur Communicator Web Access"},
	{"application-sharing-server",
		"Serveurs de partage d'application; Serveur de partage d'applications; "
		"Serveurs de partage d'applications; Serveur de partage d'application"},
	{"exchange-unified-messaging",
		"Messagerie unifiée Exchange; Messagerie unifiée d'Exchange; "
		"Messagerie unifiée Exchange Server"},
	{"conferencing-server", "Serveur de conférence; Serveur de conférence A/V"},
	{"web-conferencing-server", "Serveur de conférence Web"},
	{"survivable-branch-appliance",
		"Survivable Branch Appliance; Appliance de survie de branche; Survivable Branch Appliances; "
		"Appareil Survivable Branch"},
	{"pstn-gateway",
		"Passerelle PSTN; Passerelle RTC; Passerelle RTPC; Passerelle; "
		"Passerelle du réseau téléphonique commuté"},
	{"e911-gateway", "Passerelle E9-1-1; Passerelle E9-1-1 (9-1-1 étendu)"},
	{"pbx", "Système PBX; Autocommutateur privé"},
	{"remote-call-control-server", "Serveur de contrôle d'appel distant; Serveur de ligne RCC"},
	{"file-share-server", "Serveur de partage de fichiers; Serveur de fichiers"},
	{"central-management-store", "Magasin central de gestion; Serveur de gestion centrale"},
	{"domain-controller", "Contrôleur de domaine; Contrôleur de domaine Active Directory"},
	{"global-catalog", "Catalogue global; Serveur de catalogue global"},
	{"any",
		"Toutes; Tous; Tout; N'importe lequel; Toute; N'importe laquelle; Indifférent; Quelconque; "
		"N'importe quel; Toute adresse IP"},
	{"front-end-load-balancer",
		"Équilibreur de charge de serveur frontal; Équilibreur de charge des serveurs frontaux; "
		"Équilibrage de la charge du serveur frontal; Équilibrage de charge du serveur frontal; "
		"Équilibreur de charge frontal; Équilibreur de charge Front End Server; "
		"Programme d'équilibrage de charge du serveur frontal; "
		"Équilibrage de la charge des serveurs frontaux"},
	{"front-end-load-balancer-collocated-mediation",
		"Équilibreur de charge de serveur frontal (si le pool exécute également le serveur de "
		"médiation); Équilibreur de charge du serveur frontal (si le pool exécute également un "
		"serveur de médiation); Équilibrage de la charge du serveur frontal (si le pool exécute "
		"aussi le serveur de médiation); Équilibreur de charge des serveurs frontaux (si le pool "
		"exécute également le serveur de médiation); Équilibrage de charge du serveur frontal (si le "
		"pool exécute également un serveur de médiation)"},
	{"mediation-load-balancer",
		"Équilibreur de charge de serveur de médiation; "
		"Équilibrage de la charge du serveur de médiation; "
		"Équilibrage de charge du serveur de médiation; "
		"Équilibreur de charge des serveurs de médiation"},
	{"director-load-balancer",
		"Équilibreur de charge de directeur; Équilibreur de charge des directeurs; "
		"Équilibrage de la charge du directeur; Équilibrage de charge du directeur; "
		"Équilibreur de charge Director"},
	{"edge-load-balancer",
		"Équilibreur de charge de serveur Edge; Équilibreur de charge des serveurs Edge; "
		"Équilibrage de la charge du serveur Edge; Équilibrage de charge du serveur Edge"},
	{"sql-browser", "SQL Browser; Navigateur SQL; SQL Server Browser; Explorateur SQL"},
	{"front-end-service",
		"Service frontal; Service Front-End; Service de serveur frontal; Service frontal Front-End"},
	{"im-conferencing-service",
		"Service de conférence de messagerie instantanée; "
		"Service de conférence par messagerie instantanée; Service de conférence IM; "
		"Service de conférence via messagerie instantanée"},
	{"web-conferencing-service", "Service de conférence Web; Service de conférences web"},
	{"web-conferencing-compatibility-service",
		"Service de compatibilité de conférence Web; Service de compatibilité des conférences Web; "
		"Service de compatibilité avec les conférences Web; Service Compatibilité de conférence Web"},
	{"av-conferencing-service",
		"Service de conférence audio/vidéo; Service de conférence A/V; "
		"Service de conférences audio/vidéo; Service de conférence audio et vidéo"},
	{"web-compatibility-service", "Service de compatibilité Web; Service de compatibilité avec le Web"},
	{"web-server-component",
		"Composant serveur Web; Composant de serveur Web; Composants Web; Composant du serveur Web; "
		"Composants de serveur Web"},
	{"mobility-services",
		"Composant des services de mobilité; Composant Services de mobilité; "
		"Composant de services de mobilité; Service de mobilité"},
	{"conferencing-attendant-service",
		"Service Standard de conférence (conférence rendez-vous); "
		"Service Conferencing Attendant (conférence rendez-vous); "
		"Service d'opérateur de conférence (conférences rendez-vous); "
		"Service Standard de conférence; "
		"Service du standard de conférence (conférences rendez-vous); "
		"Service de standard automatique de conférence (conférence rendez-vous); "
		"Service Conferencing Attendant (conférences rendez-vous); Standard de conférence"},
	{"mediation-service", "Service de médiation"},
	{"application-sharing-service",
		"Service de partage d'applications; Service de partage d'application; "
		"Service Partage d'application"},
	{"conferencing-announcement-service",
		"Service d'annonce de conférence; Service d'annonces de conférence; "
		"Service Annonce de conférence"},
	{"call-park-service",
		"Service de parcage d'appel; Service de parcage d'appels; "
		"Service de mise en attente d'appels; Service de parc d'appels; Service Parcage d'appel; "
		"Service de parage d'appels"},
	{"audio-test-service", "Service de test audio; Service Test audio"},
	{"response-group-service",
		"Service Response Group; Service de groupe de réponse; Service de groupes de réponse; "
		"Service Groupe Response Group"},
	{"bandwidth-policy-service",
		"Service de stratégie de bande passante; Service Stratégie de bande passante; "
		"Service de politique de bande passante"},
	{"file-share-access", "Accès au serveur de partage de fichiers; Accès au partage de fichiers"},
	{"master-replicator-agent",
		"Service Agent réplicateur maître; Service de l'agent réplicateur maître; "
		"Service d'agent réplicateur principal; Service Agent de réplication principal; "
		"Service Master Replicator Agent; Service d'agent de réplicateur maître"},
	{"persistent-chat-sip",
		"SIP de conversation permanente; SIP Persistent Chat; SIP de chat permanent; "
		"SIP de conversation persistante; Conversation permanente SIP"},
	{"persistent-chat-wcf",
		"Windows Communication Foundation (WCF) de conversation permanente; "
		"Persistent Chat Windows Communication Foundation (WCF); WCF de conversation permanente; "
		"Windows Communication Foundation (WCF) de conversation persistante; "
		"Windows Communication Foundation (WCF) de chat permanent"},
	{"persistent-chat-file-transfer",
		"Service de transfert de fichiers de conversation permanente; "
		"Service de transfert de fichiers Persistent Chat; "
		"Service de transfert de fichiers de conversation persistante; "
		"Service de transfert de fichiers de chat permanent"},
	{"various", "Divers; Différents; Plusieurs"},
	{"not-applicable", "Non applicable; Sans objet; Aucun; N/A"},
	{"av-authentication-service", "Authentification des utilisateurs A/V"},
	{"uc-client",
		"Clients; Client; Clients Lync; Client Lync; Clients Skype Entreprise; "
		"Client Skype Entreprise; Clients Skype for Business"},
	{"office-communicator", "Clients Communicator; Client Communicator"},
	{"live-meeting-2007", "Client Live Meeting 2007; Client Live Meeting"},
	{"aastra-6721ip",
		"Téléphone public Aastra 6721ip; Téléphone de zone commune Aastra 6721ip; "
		"Téléphone Aastra 6721ip; Aastra 6721ip (téléphone de zone commune); "
		"Téléphone d'espace commun Aastra 6721ip"},
	{"aastra-6725ip", "Téléphone de bureau Aastra 6725ip; Aastra 6725ip (téléphone de bureau)"},
	{"hp-4110",
		"Téléphone IP HP 4110 (téléphone de zone commune); Téléphone IP HP 4110 (téléphone public); "
		"Téléphone IP HP 4110; Téléphone IP HP 4110 (téléphone d'espace commun)"},
	{"hp-4120", "Téléphone IP HP 4120 (téléphone de bureau); Téléphone IP HP 4120"},
	{"polycom-cx500",
		"Téléphone de zone commune IP Polycom CX500; Téléphone public IP Polycom CX500; "
		"Téléphone IP de zone commune Polycom CX500; Téléphone IP Polycom CX500; "
		"Téléphone d'espace commun IP Polycom CX500"},
	{"polycom-cx600", "Téléphone de bureau IP Polycom CX600; Téléphone IP Polycom CX600"},
	{"polycom-cx700", "Téléphone de bureau IP Polycom CX700; Téléphone IP Polycom CX700"},
	{"polycom-cx3000", "Téléphone de conférence IP Polycom CX3000; Téléphone IP Polycom CX3000"},
	{"server-ports",
		"Ports de serveur requis (par rôle serveur); Ports de serveur requis (par rôle de serveur); "
		"Ports serveur requis (par rôle serveur); Ports serveur requis"},
	{"hlb-only-ports",
		"Ports d'équilibreur de charge matérielle si vous utilisez uniquement l'équilibrage de "
		"charge matérielle; Ports d'équilibrage de charge matérielle si vous utilisez uniquement "
		"l'équilibrage de charge matérielle; Ports de l'équilibreur de charge matérielle en cas "
		"d'utilisation de l'équilibrage de charge matérielle uniquement; Ports de l'équilibrage de "
		"la charge matérielle si seul l'équilibrage de la charge matérielle est utilisé"},
	{"dns-lb-ports",
		"Ports d'équilibreur de charge matérielle si vous utilisez l'équilibrage de charge DNS; "
		"Ports d'équilibrage de charge matérielle si vous utilisez l'équilibrage de charge DNS; "
		"Ports de l'équilibreur de charge matérielle en cas d'utilisation de l'équilibrage de charge "
		"DNS"},
	{"client-ports", "Ports clients requis; Ports de client requis; Ports client requis"},
	{"ipsec-exceptions", "Exceptions IPsec recommandées; Exceptions IPsec"},
	{"ocs-ports",
		"Tableau 1. Ports et protocoles utilisés par les serveurs et clients Office Communications "
		"Server; Ports et protocoles utilisés par les serveurs et clients Office Communications"},
	{"server-role", "Rôle serveur; Rôle de serveur; Rôle du serveur; Rôle; Serveur; Rôles serveur"},
	{"service-name", "Nom du service; Nom de service; Service; Services"},
	{"port", "Port; Ports; Numéro de port; Plage de ports; Port ou plage de ports"},
	{"protocol", "Protocole; Protocoles"},
	{"transport", "TCP ou UDP; Transport; Protocole de transport; UDP ou TCP"},
	{"role-or-protocol", "Rôle ou protocole"},
	{"compound",
		"Rôle/Protocole/TCP ou UDP/Port; Protocole/TCP ou UDP/Port; Rôle/Protocole/Port; "
		"Protocole/Port; Rôle/Protocole/TCP/UDP/Port; Protocole/TCP/UDP/Port; "
		"Protocole/TCP ou UDP/Port ou plage de ports"},
	{"direction", "Direction; Sens; Direction du trafic"},
	{"notes", "Remarques; Notes; Commentaires; Objectif; Description; But; Remarque; Usage; Utilisation"},
	{"load-balancer",
		"Équilibrage de la charge; Équilibreur de charge; Équilibrage de charge; "
		"Équilibreur de la charge; Équilibreur de charge matérielle; "
		"Programme d'équilibrage de la charge; Équilibreurs de charge"},
	{"component",
		"Composant; Composant (rôle serveur ou client); Composants; "
		"Composant (rôle de serveur ou client)"},
	{"rule-name", "Nom de la règle; Nom de règle; Règle"},
	{"source-ip", "IP source; Adresse IP source; Source; Adresse source; Adresse IP de la source"},
	{"destination-ip",
		"IP de destination; Adresse IP de destination; Destination; IP destination; "
		"Adresse de destination; IP cible"},
	{"source-port",
		"Port source; Port ou plage de ports source; Ports source; Port de la source; Port d'origine"},
	{"destination-port",
		"Port de destination; Port ou plage de ports de destination; Ports de destination; "
		"Port destination; Port cible"},
	{"authentication-requirement",
		"Condition requise d'authentification; Condition d'authentification; "
		"Conditions d'authentification; Exigence d'authentification; Exigences d'authentification; "
		"Authentification requise; Condition requise pour l'authentification; Authentification"},
	{"do-not-authenticate",
		"Ne pas authentifier; N'authentifiez pas; Ne pas s'authentifier; Pas d'authentification; "
		"Ne vous authentifiez pas"},
	{"media-port-range",
		"Plage de ports multimédias spécifiée; Plage de ports de média spécifiée; "
		"Plage de ports média spécifiée; Plage de ports multimédia spécifiée; "
		"Plage de ports multimédias indiquée; Plage de ports de support spécifiée"},
	{"av-edge-internal-inbound",
		"Serveur Edge A/V interne entrant; Serveur Edge A/V – interne entrant; "
		"Trafic entrant interne du serveur Edge A/V; Entrant interne du serveur Edge A/V"},
	{"av-edge-external-inbound",
		"Serveur Edge A/V externe entrant; Serveur Edge A/V – externe entrant; "
		"Trafic entrant externe du serveur Edge A/V; Entrant externe du serveur Edge A/V"},
	{"av-edge-internal-outbound",
		"Serveur Edge A/V interne sortant; Serveur Edge A/V – interne sortant; "
		"Trafic sortant interne du serveur Edge A/V; Sortant interne du serveur Edge A/V"},
	{"av-edge-external-outbound",
		"Serveur Edge A/V externe sortant; Serveur Edge A/V – externe sortant; "
		"Trafic sortant externe du serveur Edge A/V; Sortant externe du serveur Edge A/V"},
	{"mediation-inbound",
		"Serveur de médiation entrant; Trafic entrant du serveur de médiation; "
		"Serveur de médiation – entrant"},
	{"mediation-outbound",
		"Serveur de médiation sortant; Trafic sortant du serveur de médiation; "
		"Serveur de médiation – sortant"},
	{"conferencing-attendant-inbound",
		"Standard de conférence entrant; Trafic entrant du standard de conférence; "
		"Conferencing Attendant entrant; Opérateur de conférence entrant"},
	{"conferencing-attendant-outbound",
		"Standard de conférence sortant; Trafic sortant du standard de conférence; "
		"Conferencing Attendant sortant; Opérateur de conférence sortant"},
	{"av-conferencing-inbound",
		"Conférence A/V entrante; Conférences A/V entrantes; Conférence A/V entrant; "
		"Trafic entrant de conférence A/V"},
	{"av-conferencing-outbound",
		"Conférence A/V sortante; Conférences A/V sortantes; Conférence A/V sortant; "
		"Trafic sortant de conférence A/V"},
	{"exchange-inbound", "Exchange entrant; Trafic entrant Exchange; Entrée Exchange; Exchange entrante"},
	{"exchange-outbound",
		"Exchange sortant; Trafic sortant Exchange; Sortie Exchange; Exchange sortante"},
	{"application-sharing-inbound",
		"Serveurs de partage d'application entrant; Serveurs de partage d'applications entrants; "
		"Serveur de partage d'applications entrant; Serveurs de partage d'application entrants; "
		"Partage d'applications entrant; Trafic entrant des serveurs de partage d'application"},
	{"application-sharing-outbound",
		"Serveur de partage d'application sortant; Serveurs de partage d'applications sortants; "
		"Serveur de partage d'applications sortant; Serveurs de partage d'application sortants; "
		"Partage d'applications sortant; Trafic sortant du serveur de partage d'application"},
	{"clients", "Clients; Client"},
	{NULL, NULL},
};
/* clang-format on */
