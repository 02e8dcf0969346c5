/*
 * Ids of the vocabulary come with further names that English pages print for them, divided by "; ".
 * Variants are listed where wordings differ: order of words, accents and a plural s make none. A name that two ids of
 * one kind share is refused by the tests.
 */
#include "catalog/vocabulary.h"

/* clang-format off */
const struct vocabulary_names vocabulary_en[] = {
	{"ocs-2007-r2", "Microsoft Office Communications Server 2007 R2"},
	{"lync-server-2010", "Microsoft Lync Server 2010"},
	{"lync-server-2013", "Microsoft Lync Server 2013"},
	{"skype-for-business-server", "Skype for Business Server 2019; Microsoft Skype for Business Server"},
	{"all-internal-servers", "All servers (internal)"},
	{"front-end-server",
		"Front End Server service; Standard Edition server; "
		"Front End Server or Standard Edition server"},
	{"front-end-server-collocated-mediation",
		"Front End Servers that also run a collocated Mediation Server; "
		"Front End Server with collocated Mediation Server; "
		"Front End Servers with collocated Mediation Servers; "
		"Front End Server that also runs collocated Mediation Server"},
	{"front-end-server-cms",
		"Front End Servers where the Central Management store resides; "
		"Front End Server where the Central Management store resides; "
		"Front End Server with the Central Management store; "
		"Front End Servers hosting the Central Management store; "
		"Front End Servers hosting the Central Management Server"},
	{"front-end-server-conferencing-attendant",
		"Front End Servers running Conferencing Attendant; "
		"Front End Server that runs Conferencing Attendant"},
	{"front-end-pool",
		"Front End Server pool; Front End Servers pool; Enterprise pool; Enterprise Edition pool"},
	{"director-pool", "Director Server pool"},
	{"mediation-server", "Mediation Server(s); Stand-alone Mediation Server"},
	{"edge-server", "Edge; Edge Server service; Consolidated Edge Server; Edge Server internal interface; "
	                "Edge internal interface; Edge Server external interface; Edge external interface"},
	{"access-edge-server",
		"Access Edge; Access Edge service; Edge Server Access Edge service; "
		"Edge Server, Access Edge service; Access; Access service; Edge Server service: Access Edge"},
	{"web-conferencing-edge-server",
		"Web Conferencing Edge; Web Conferencing Edge service; "
		"Edge Server Web Conferencing Edge service; Edge Server, Web Conferencing Edge service; "
		"Web Conferencing"},
	{"av-edge-server",
		"A/V Edge service; Edge Server A/V Edge service; Edge Server, A/V Edge service; A/V; "
		"Audio/Video Edge Server; A/V Edge; A/V Edge Servers; Audio/Video Edge service"},
	{"av-edge-server-internal",
		"A/V Edge Server Internal; A/V Edge service internal; A/V Edge internal; "
		"A/V Edge Server internal edge"},
	{"av-edge-server-external",
		"A/V Edge Server External; A/V Edge service external; A/V Edge external; "
		"A/V Edge Server external edge"},
	{"xmpp-proxy", "XMPP Proxy service; XMPP Translating Gateway Proxy; Edge Server XMPP Proxy service"},
	{"xmpp-gateway",
		"XMPP Gateway service; Front End Server XMPP Gateway; Front End Server XMPP Gateway service; "
		"XMPP Translating Gateway; XMPP Gateway server; "
		"Extensible Messaging and Presence Protocol gateway"},
	{"reverse-proxy", "Reverse proxy internal interface; Reverse proxy external interface; Reverse proxy server; HTTP reverse proxy; Reverse HTTP proxy; Reverse-proxy"},
	{"office-web-apps-server",
		"Office Web Apps; Web Apps Server; Office Online Server; Office Web Apps Server farm"},
	{"persistent-chat-server",
		"Persistent Chat Server; Persistent Chat Front End; Persistent Chat Server Front End Server"},
	{"group-chat-server",
		"Office Communications Server 2007 R2 Group Chat; "
		"Office Communications Server 2007 R2 Group Chat Server; "
		"Microsoft Office Communications Server 2007 R2 Group Chat; Group Chat"},
	{"monitoring-server", "Monitoring"},
	{"archiving-server", "Archiving; Archiving service"},
	{"communicator-web-access-server", "Communicator Web Access; Office Communicator Web Access"},
	{"application-sharing-server", "Application Sharing; Application Sharing service server"},
	{"exchange-unified-messaging",
		"Exchange; Exchange UM; Exchange Server Unified Messaging; Exchange Unified Messaging server"},
	{"conferencing-server", "A/V Conferencing Server; Audio/Video Conferencing Server"},
	{"survivable-branch-appliance", "Survivable Branch Server; SBA"},
	{"pstn-gateway",
		"Public switched telephone network gateway; Gateway; IP-PSTN gateway; PSTN Gateway (IP-PBX)"},
	{"e911-gateway", "E9-1-1 gateway; Enhanced 9-1-1 (E9-1-1) gateway; E911 gateway"},
	{"pbx", "Private branch exchange; IP-PBX; Private branch exchange (PBX)"},
	{"remote-call-control-server", "Remote call control server; RCC line server; SIP/CSTA gateway"},
	{"file-share-server", "File server; File store; File share"},
	{"central-management-store", "Central Management Server; CMS"},
	{"domain-controller",
		"Active Directory domain controller; Active Directory Domain Services; Active Directory"},
	{"global-catalog", "Global catalog server; Active Directory global catalog"},
	{"any", "All; Any IP; Any IP address; Any port; Any address"},
	{"front-end-load-balancer",
		"Load balancer for Front End Servers; Front End load balancer; "
		"Load balancer (Front End Server); Front End pool load balancer"},
	{"front-end-load-balancer-collocated-mediation",
		"Front End Server load balancer (if pool also runs Mediation Server); "
		"Front End Server load balancer (if the pool also runs a Mediation Server); Front End Server "
		"load balancer (if all of the servers in the pool also run Mediation Server); "
		"Front End Server load balancer (if the pool also runs the Mediation Server)"},
	{"mediation-load-balancer", "Load balancer for Mediation Servers; Mediation load balancer"},
	{"director-load-balancer", "Load balancer for Directors; Director Server load balancer"},
	{"edge-load-balancer",
		"Load balancer for Edge Servers; Edge load balancer; Load balancer (Edge Server)"},
	{"front-end-service", "Front End Server service"},
	{"im-conferencing-service",
		"Instant Messaging Conferencing service; IM Conferencing Server; "
		"Instant messaging (IM) conferencing; IM Conferencing"},
	{"web-conferencing-service", "Web Conferencing Server; Web Conferencing"},
	{"web-conferencing-compatibility-service", "Web Conferencing Compatibility"},
	{"av-conferencing-service",
		"A/V Conferencing service; A/V Conferencing Server; Audio/Video (A/V) Conferencing service"},
	{"web-compatibility-service", "Web Compatibility"},
	{"web-server-component",
		"Web components; Web Components Server; Web server components; Web Services"},
	{"mobility-services", "Mobility Service; Mobility Services; Mobility Service component"},
	{"conferencing-attendant-service",
		"Conferencing Attendant service; Conferencing Attendant; "
		"Conferencing Attendant (dial-in conferencing)"},
	{"mediation-service", "Mediation Server service"},
	{"application-sharing-service", "Application Sharing; Application Sharing Server"},
	{"conferencing-announcement-service",
		"Conferencing Announcement; Conference Announcement service; Conferencing Announcement Server"},
	{"call-park-service", "Call Park; Call Park Server; Call Park application"},
	{"audio-test-service", "Audio Test; Audio Test Server"},
	{"response-group-service", "Response Group; Response Group Server; Response Group application"},
	{"bandwidth-policy-service",
		"Bandwidth Policy; Bandwidth Policy service (Authentication); Bandwidth Policy service (Core)"},
	{"file-share-access", "File Share access; Access to file share server; File share server"},
	{"master-replicator-agent",
		"Master Replicator Agent; Master Replicator; File Transfer Agent service"},
	{"persistent-chat-sip", "Persistent Chat; SIP (Persistent Chat)"},
	{"persistent-chat-wcf", "Persistent Chat WCF; Persistent Chat Windows Communication Foundation"},
	{"persistent-chat-file-transfer", "Persistent Chat File Transfer"},
	{"not-applicable", "N/A; None; n.a."},
	{"focus", "Focus"},
	{"im-mcu", "IMMCU; IM MCU"},
	{"uc-client",
		"Clients; Client; Lync clients; Lync client; Lync 2013 client; Skype for Business clients; "
		"Skype for Business client; Microsoft Lync clients; Lync 2010 client; "
		"Unified communications client"},
	{"office-communicator",
		"Communicator; Communicator client; Office Communicator 2007 R2; Communicator clients"},
	{"live-meeting-2007",
		"Live Meeting client; Office Live Meeting 2007 client; Live Meeting 2007; "
		"Microsoft Office Live Meeting 2007 client"},
	{"communicator-mobile-2007-r2",
		"Office Communicator Mobile; Communicator Mobile; Communicator Mobile 2007 R2; "
		"2007 R2 release of Communicator Mobile; Office Communicator Mobile (2007 R2 release)"},
	{"aastra-6721ip", "Aastra 6721ip"},
	{"aastra-6725ip", "Aastra 6725ip"},
	{"hp-4110", "HP 4110 IP Phone; HP 4110; HP 4110 IP common area phone"},
	{"hp-4120", "HP 4120 IP Phone; HP 4120; HP 4120 IP desk phone"},
	{"polycom-cx500", "Polycom CX500; Polycom CX500 IP phone"},
	{"polycom-cx600", "Polycom CX600; Polycom CX600 IP phone"},
	{"polycom-cx700", "Polycom CX700; Polycom CX700 IP phone"},
	{"polycom-cx3000", "Polycom CX3000; Polycom CX3000 IP phone; Polycom CX3000 conference phone"},
	{"server-ports", "Required server ports; Server ports"},
	{"hlb-only-ports",
		"Hardware load balancer ports if using only hardware load balancing (HLB); "
		"Ports required on hardware load balancers if only hardware load balancing is used"},
	{"dns-lb-ports",
		"Hardware load balancer ports when using DNS load balancing; "
		"Hardware load balancer ports if DNS load balancing is used"},
	{"client-ports", "Client ports"},
	{"ipsec-exceptions",
		"IPsec exceptions; Recommended IPsec exception settings; Recommended exceptions for IPsec"},
	{"ocs-ports",
		"Ports and protocols used by Office Communications Servers and clients; "
		"Ports and protocols used by Office Communications Server"},
	{"server-role", "Role; Server; Server or role"},
	{"service-name", "Service; Services; Service names"},
	{"port",
		"Ports; Port number; Port range; Port or port range; Port/port range; Ports or port range; "
		"Port numbers"},
	{"protocol", "Protocols; Application protocol; Protocol used"},
	{"transport",
		"Transport; TCP or UDP; TCP/UDP; Transport protocol; UDP or TCP; UDP/TCP; "
		"Transport (TCP or UDP)"},
	{"role-or-protocol", "Role or protocol; Role/protocol or service; Role or service"},
	{"compound",
		"Role/Protocol/TCP or UDP/Port; Role/Protocol/TCP/UDP/Port; Protocol/TCP or UDP/Port; "
		"Protocol/TCP/UDP/Port; Protocol/Port; Protocol/TCP or UDP/Port or port range; "
		"Role/Protocol/Port; Protocol or TCP/UDP and port; Protocol/Transport/Port"},
	{"direction", "Direction; Traffic direction; Direction of traffic; Inbound/outbound"},
	{"notes", "Comments; Purpose; Description; Note; Remarks; Comment; Usage; Used for; Explanation"},
	{"load-balancer", "Hardware load balancer; Load balancers; Load balancing"},
	{"component", "Component (server role or client); Components"},
	{"rule-name", "Rule; Name of rule"},
	{"source-ip", "Source; Source IP address; Source address; Source IP addresses; From"},
	{"destination-ip",
		"Destination; Destination IP address; Destination address; Destination IP addresses; To; "
		"Target"},
	{"source-port", "Source port or port range; Source ports; Source port range"},
	{"destination-port",
		"Destination port or port range; Destination ports; Destination port range; Target port"},
	{"authentication-requirement",
		"Authentication requirements; Authentication; Required authentication"},
	{"do-not-authenticate", "Don't authenticate; No authentication; Not authenticated"},
	{"media-port-range",
		"Specified media ports range; Specified media port ranges; Specified port range for media; "
		"Media port range"},
	{"application-sharing-inbound", "Application Sharing Server Inbound; Application Sharing Inbound"},
	{"application-sharing-outbound",
		"Application Sharing Servers Outbound; Application Sharing Outbound"},
	{"mediation-inbound", "Mediation Inbound"},
	{"mediation-outbound", "Mediation Outbound"},
	{"av-conferencing-inbound", "A/V Conferencing Server Inbound"},
	{"av-conferencing-outbound", "A/V Conferencing Server Outbound"},
	{"av-edge-internal-inbound", "A/V Edge Internal Inbound"},
	{"av-edge-external-inbound", "A/V Edge External Inbound"},
	{"av-edge-internal-outbound", "A/V Edge Internal Outbound"},
	{"av-edge-external-outbound", "A/V Edge External Outbound"},
	{"exchange-inbound", "Exchange Unified Messaging Inbound"},
	{"exchange-outbound", "Exchange Unified Messaging Outbound"},
	{"clients", "Client"},
	{NULL, NULL},
};
/* clang-format on */
