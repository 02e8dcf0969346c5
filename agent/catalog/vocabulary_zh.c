/*
 * Ids of the vocabulary come with the names that Chinese editions print for them, divided by "; ".
 * Simplified and traditional forms stand side by side.
 * Variants are listed where wordings differ: order of words, accents and a plural s make none. A name that two ids of
 * one kind share is refused by the tests.
 */
#include "catalog/vocabulary.h"

/* clang-format off */
const struct vocabulary_names vocabulary_zh[] = {
	{"skype-for-business-server",
		"Skype for Business 服务器; 商務用 Skype Server; 商務用 Skype 伺服器; 商务用 Skype 服务器; "
		"商務用 Skype Server 2019; Skype for Business Server 2019; Skype for Business 服务器 2019"},
	{"skype-for-business-server-2015",
		"商務用 Skype Server 2015; Skype for Business 服务器 2015; 商務用 Skype 伺服器 2015"},
	{"skype-for-business-online", "商務用 Skype Online; Skype for Business 联机版; 商務用 Skype 線上版"},
	{"all-servers", "所有服务器; 全部服务器; 所有伺服器; 全部伺服器"},
	{"all-internal-servers", "所有内部服务器; 全部内部服务器; 所有內部伺服器; 全部內部伺服器"},
	{"front-end-server", "前端服务器; 前端伺服器; Front End 服务器; Front End 伺服器; 前台服务器"},
	{"front-end-server-collocated-mediation",
		"同时运行并置中介服务器的前端服务器; 还运行并置中介服务器的前端服务器; 还运行并置的中介服务器的前端服务器; 也运行并置中介服务器的前端服务器; "
		"同时运行组合中介服务器的前端服务器; 还运行组合的中介服务器的前端服务器; 同时还运行并置中介服务器的前端服务器; 同時執行並置中繼伺服器的前端伺服器; "
		"同時執行組合中繼伺服器的前端伺服器; 也執行並置中繼伺服器的前端伺服器; 亦執行並存中繼伺服器的前端伺服器; 也執行共置中繼伺服器的前端伺服器; 同時執行共置中繼伺服器的前端伺服器; "
		"同時執行並存中繼伺服器的前端伺服器; 也會執行共置中繼伺服器的前端伺服器"},
	{"front-end-server-cms",
		"中央管理存储所在的前端服务器; 驻留中央管理存储的前端服务器; 中央管理存储驻留的前端服务器; 托管中央管理存储的前端服务器; 存放中央管理存储的前端服务器; "
		"中央管理存放區所在的前端伺服器; 中央管理存放區所在位置的前端伺服器; 裝載中央管理存放區的前端伺服器; 中央管理儲存區所在的前端伺服器; 中央管理存放區位於其中的前端伺服器; "
		"中央管理儲存所在的前端伺服器"},
	{"front-end-server-conferencing-attendant",
		"运行会议助理的前端服务器; 正在运行会议助理的前端服务器; 运行会议助理服务的前端服务器; 執行會議服務員的前端伺服器; 執行會議助理的前端伺服器; 執行會議總機的前端伺服器; "
		"执行会议助理的前端服务器; 正在執行會議總機的前端伺服器"},
	{"front-end-pool", "前端池; 前端服务器池; 前端集區; 前端伺服器集區"},
	{"director", "控制器; 控制器服务器; 控制器伺服器; 导向器; 導向器; 主管; 董事; Director 伺服器; 控制器角色; 导演"},
	{"director-pool", "控制器池; 控制器集區; Director 集區; 导向器池"},
	{"mediation-server", "中介服务器; 中繼伺服器; 调解服务器; 中介伺服器; 轉送伺服器; 調解伺服器"},
	{"edge-server", "边缘服务器; 邊緣伺服器; Edge 伺服器; 边缘; 邊緣; 合并边缘服务器; 整合邊緣伺服器"},
	{"access-edge-server",
		"访问边缘服务器; 访问边缘服务; 边缘服务器访问边缘服务; 访问; 存取邊緣服務; 存取邊緣伺服器; Access Edge 服務; Access Edge 服务; 存取; "
		"邊緣伺服器存取邊緣服務; 访问边缘; 边缘服务器的访问边缘服务; 边缘服务器 Access Edge 服务; 邊緣伺服器 Access Edge 服務; 接入边缘服务器"},
	{"web-conferencing-edge-server",
		"Web 会议边缘服务器; Web 会议边缘服务; 边缘服务器 Web 会议边缘服务; Web 会议; Web 會議邊緣服務; Web 會議邊緣伺服器; Web 會議; "
		"邊緣伺服器 Web 會議邊緣服務; Web Conferencing Edge 服務; Web Conferencing Edge 服务"},
	{"av-edge-server",
		"A/V 边缘服务器; 音频/视频边缘服务器; A/V 边缘服务; 边缘服务器 A/V 边缘服务; A/V 邊緣伺服器; A/V 邊緣服務; 邊緣伺服器 A/V 邊緣服務; "
		"A/V Edge 服務; A/V Edge 服务; A/V 边缘; A/V 邊緣; 音訊/視訊邊緣伺服器; A/V Edge 伺服器"},
	{"av-edge-server-internal",
		"A/V 边缘服务器内部; 内部 A/V 边缘服务器; A/V 边缘服务器(内部); A/V 邊緣伺服器內部; 內部 A/V 邊緣伺服器; A/V Edge Server 內部; "
		"A/V 边缘服务器内部接口; 音频/视频边缘服务器内部"},
	{"av-edge-server-external",
		"A/V 边缘服务器外部; 外部 A/V 边缘服务器; A/V 边缘服务器(外部); A/V 邊緣伺服器外部; 外部 A/V 邊緣伺服器; A/V Edge Server 外部; "
		"A/V 边缘服务器外部接口; 音频/视频边缘服务器外部"},
	{"xmpp-proxy", "XMPP 代理服务; XMPP 代理; XMPP Proxy 服務; XMPP Proxy 服务; XMPP 代理服務"},
	{"xmpp-gateway", "XMPP 网关; XMPP 网关服务; XMPP 閘道; XMPP 閘道服務; 前端服务器 XMPP 网关; 前端伺服器 XMPP 閘道"},
	{"reverse-proxy", "反向代理; 反向代理服务器; 反向 Proxy; 反向 Proxy 伺服器; 反向代理伺服器"},
	{"office-web-apps-server",
		"Office Web Apps 服务器; Office Web Apps Server; Office Web Apps 伺服器; Office Online 服务器"},
	{"persistent-chat-server",
		"持久聊天前端服务器; 持久聊天服务器; 常設聊天前端伺服器; 常設聊天室前端伺服器; 常設聊天伺服器; 持續聊天前端伺服器; 持续聊天前端服务器; 持久性聊天前端服务器; "
		"永久聊天前端服务器; 持續性聊天前端伺服器; 常设聊天前端服务器"},
	{"group-chat-server", "组聊天服务器; 群聊服务器; 群組聊天伺服器; 群组聊天服务器"},
	{"monitoring-server", "监控服务器; 监视服务器; 監控伺服器; 監視伺服器"},
	{"archiving-server", "存档服务器; 封存伺服器; 歸檔伺服器"},
	{"communicator-web-access-server", "Communicator Web Access 服务器; Communicator Web Access 伺服器"},
	{"application-sharing-server", "应用程序共享服务器; 應用程式共用伺服器; 應用程式分享伺服器"},
	{"exchange-unified-messaging",
		"Exchange 统一消息; Exchange 统一消息传递; Exchange 整合通訊; Exchange 統一訊息; Exchange 統一通訊; Exchange 整合訊息; "
		"Exchange 統一傳訊"},
	{"conferencing-server", "会议服务器; 會議伺服器; A/V 会议服务器; A/V 會議伺服器"},
	{"web-conferencing-server", "Web 会议服务器; Web 會議伺服器"},
	{"survivable-branch-appliance", "可存活分支装置; 可持续运行的分支设备; 可維持分公司裝置; 持续性分支设备"},
	{"pstn-gateway", "PSTN 网关; PSTN 閘道; 公用电话交换网网关; 公用交換電話網路閘道; 网关; 閘道"},
	{"e911-gateway", "E9-1-1 网关; E9-1-1 閘道; 增强型 9-1-1 (E9-1-1) 网关; 增強型 9-1-1 (E9-1-1) 閘道"},
	{"pbx", "PBX 系统; 专用分支交换机; 專用交換機; PBX 系統"},
	{"remote-call-control-server", "远程呼叫控制服务器; RCC 线路服务器; 遠端通話控制伺服器; RCC 線路伺服器"},
	{"file-share-server", "文件共享服务器; 檔案共用伺服器; 文件服务器; 檔案伺服器"},
	{"central-management-store", "中央管理存储; 中央管理服务器; 中央管理存放區; 中央管理伺服器; 中央管理儲存區"},
	{"domain-controller", "域控制器; 網域控制站; Active Directory 域控制器"},
	{"global-catalog", "全局编录; 通用類別目錄; 全局编录服务器; 全域目錄"},
	{"any", "任何; 任意; 任一; 所有; 任何 IP 地址; 任何 IP; 任何端口; 任何 IP 位址; 全部; 不限"},
	{"front-end-load-balancer", "前端服务器负载平衡器; 前端服务器负载均衡器; 前端伺服器負載平衡器; 前端服务器负载平衡; 前端伺服器負載平衡; 前端服务器负载均衡"},
	{"front-end-load-balancer-collocated-mediation",
		"前端服务器负载平衡器(如果池还运行中介服务器); 前端服务器负载平衡器(如果池也运行中介服务器); 前端服务器负载平衡器(如果池同时运行中介服务器); "
		"前端服务器负载均衡器(如果池还运行中介服务器); 前端服务器负载均衡器(如果池也运行中介服务器); 前端服务器负载均衡器(如果池同时运行中介服务器); "
		"前端伺服器負載平衡器 (如果集區也執行中繼伺服器); 前端伺服器負載平衡器 (如果集區同時執行中繼伺服器); 前端伺服器負載平衡器 (若集區也執行中繼伺服器); "
		"前端伺服器負載平衡器 (如果集區也會執行中繼伺服器); 前端服务器负载平衡器(如果池中还运行中介服务器)"},
	{"mediation-load-balancer", "中介服务器负载平衡器; 中介服务器负载均衡器; 中繼伺服器負載平衡器; 中介服务器负载平衡; 中繼伺服器負載平衡"},
	{"director-load-balancer",
		"控制器负载平衡器; 控制器负载均衡器; 控制器負載平衡器; Director 負載平衡器; 導向器負載平衡器; 控制器负载平衡; 导向器负载平衡器; Director 负载平衡器; "
		"Director 负载均衡器; 导向器负载均衡器"},
	{"edge-load-balancer", "边缘服务器负载平衡器; 边缘服务器负载均衡器; 邊緣伺服器負載平衡器; Edge Server 負載平衡器"},
	{"sql-browser", "SQL Browser; SQL 浏览器; SQL 瀏覽器; SQL Server Browser; SQL 浏览器服务"},
	{"front-end-service", "前端服务; 前端服務; Front-End 服务; Front-End 服務; 前端服务器服务"},
	{"im-conferencing-service",
		"IM 会议服务; 即时消息会议服务; IM 會議服務; 立即訊息會議服務; 即時訊息會議服務; 即时消息传递会议服务; 即时消息 (IM) 会议服务"},
	{"web-conferencing-service",
		"Web 会议服务; Web 會議服務; 网络会议服务; 網路會議服務; Web Conferencing 服务; Web Conferencing 服務"},
	{"web-conferencing-compatibility-service",
		"Web 会议兼容性服务; Web 會議相容性服務; Web 会议兼容服务; 网络会议兼容性服务; Web 會議相容服務"},
	{"av-conferencing-service", "音频/视频会议服务; 音訊/視訊會議服務; A/V 会议服务; A/V 會議服務; 音视频会议服务; 影音會議服務; 音频和视频会议服务"},
	{"web-compatibility-service", "Web 兼容性服务; Web 相容性服務; Web 兼容服务; 网络兼容性服务; Web 相容服務"},
	{"web-server-component", "Web 服务器组件; Web 伺服器元件; Web 组件; Web 元件"},
	{"mobility-services",
		"移动服务组件; 行動服務元件; 移动性服务组件; 行動性服務元件; 移动服务; 行動服務; Mobility Services 组件; 行動化服務元件; "
		"Mobility Services 元件"},
	{"conferencing-attendant-service",
		"会议助理服务(电话拨入式会议); 会议助理服务(拨入式会议); 会议助理服务; 會議服務員服務 (電話撥入式會議); 會議助理服務 (撥入式會議); "
		"會議總機服務 (電話撥入式會議); 会议助理服务(拨入会议); 會議總機服務; 會議助理服務 (電話撥入式會議); 會議總機服務 (撥入式會議); 會議服務員服務 (撥入式會議); "
		"会议话务员服务(拨入式会议); 会议助理"},
	{"mediation-service", "中介服务; 中繼服務; 中介服务器服务; 調解服務; 调解服务; 中介服務; 轉送服務"},
	{"application-sharing-service", "应用程序共享服务; 應用程式共用服務; 應用程式分享服務; 应用共享服务"},
	{"conferencing-announcement-service", "会议公告服务; 會議公告服務; 会议通知服务; 會議宣告服務; 会议宣布服务; 會議通知服務"},
	{"call-park-service", "呼叫寄存服务; 通話保留服務; 呼叫驻留服务; 呼叫公园服务; 通話駐留服務; 呼叫代答服务; 來電駐留服務; 通話寄存服務"},
	{"audio-test-service", "音频测试服务; 音訊測試服務; 语音测试服务"},
	{"response-group-service", "响应组服务; 回應群組服務; Response Group 服务; Response Group 服務"},
	{"bandwidth-policy-service", "带宽策略服务; 頻寬原則服務; 頻寬政策服務"},
	{"file-share-access", "文件共享服务器访问; 檔案共用伺服器存取"},
	{"master-replicator-agent",
		"主复制代理服务; 主要複製器代理程式服務; 主复制器代理服务; 主要複寫器代理程式服務; Master Replicator Agent 服务; "
		"Master Replicator Agent 服務; 主複寫器代理程式服務; 主要複寫代理程式服務; 主复制者代理服务"},
	{"persistent-chat-sip", "持久聊天 SIP; 常設聊天 SIP; 持續聊天 SIP; 持续聊天 SIP; 常設聊天室 SIP; 持久性聊天 SIP; 持續性聊天 SIP"},
	{"persistent-chat-wcf",
		"持久聊天 Windows Communication Foundation (WCF); 常設聊天 Windows Communication Foundation (WCF); "
		"持久聊天 WCF; 持續聊天 Windows Communication Foundation (WCF); "
		"持续聊天 Windows Communication Foundation (WCF); 常設聊天室 Windows Communication Foundation (WCF); "
		"持續性聊天 Windows Communication Foundation (WCF)"},
	{"persistent-chat-file-transfer",
		"持久聊天文件传输服务; 常設聊天檔案傳輸服務; 持續聊天檔案傳輸服務; 持续聊天文件传输服务; 常設聊天室檔案傳輸服務; 持久聊天文件传送服务; 持續性聊天檔案傳輸服務"},
	{"various", "各种; 各種; 多种; 多種; 不同; 各式各样; 各项"},
	{"not-applicable", "不适用; 不適用; 无; 無; N/A; 不可用"},
	{"uc-client", "客户端; 用戶端; Lync 客户端; Lync 用戶端; Skype for Business 客户端; 商務用 Skype 用戶端; 客户; 客戶端"},
	{"office-communicator", "Communicator 客户端; Communicator 用戶端"},
	{"live-meeting-2007",
		"Live Meeting 2007 客户端; Live Meeting 客户端; Live Meeting 2007 用戶端; Live Meeting 用戶端"},
	{"aastra-6721ip",
		"Aastra 6721ip 公共区域电话; Aastra 6721ip 公用區域電話; Aastra 6721ip 公共區域電話; Aastra 6721ip 通用區域電話; "
		"Aastra 6721ip 公用电话; Aastra 6721ip 共用區域電話"},
	{"aastra-6725ip",
		"Aastra 6725ip 桌面电话; Aastra 6725ip 桌上電話; Aastra 6725ip 桌上型電話; Aastra 6725ip 桌面電話; "
		"Aastra 6725ip 台式电话; Aastra 6725ip 办公电话"},
	{"hp-4110",
		"HP 4110 IP 电话(公共区域电话); HP 4110 IP 電話 (公用區域電話); HP 4110 IP 电话; HP 4110 IP 電話; "
		"HP 4110 IP 電話 (公共區域電話); HP 4110 IP 電話 (通用區域電話)"},
	{"hp-4120",
		"HP 4120 IP 电话(桌面电话); HP 4120 IP 電話 (桌上電話); HP 4120 IP 电话; HP 4120 IP 電話; "
		"HP 4120 IP 電話 (桌上型電話); HP 4120 IP 電話 (桌面電話)"},
	{"polycom-cx500",
		"Polycom CX500 IP 公共区域电话; Polycom CX500 IP 公用區域電話; Polycom CX500 IP 电话; Polycom CX500 IP 電話; "
		"Polycom CX500 IP 公共區域電話; Polycom CX500 IP 通用區域電話"},
	{"polycom-cx600",
		"Polycom CX600 IP 桌面电话; Polycom CX600 IP 桌上電話; Polycom CX600 IP 电话; Polycom CX600 IP 電話; "
		"Polycom CX600 IP 桌上型電話; Polycom CX600 IP 桌面電話"},
	{"polycom-cx700",
		"Polycom CX700 IP 桌面电话; Polycom CX700 IP 桌上電話; Polycom CX700 IP 电话; Polycom CX700 IP 電話; "
		"Polycom CX700 IP 桌上型電話; Polycom CX700 IP 桌面電話"},
	{"polycom-cx3000",
		"Polycom CX3000 IP 会议电话; Polycom CX3000 IP 會議電話; Polycom CX3000 IP 电话; Polycom CX3000 IP 電話; "
		"Polycom CX3000 IP 會議話機"},
	{"server-ports",
		"所需的服务器端口(按服务器角色); 必需的服务器端口(按服务器角色); 所需服务器端口(按服务器角色列出); 必要的伺服器連接埠 (依伺服器角色); "
		"所需的伺服器連接埠 (依伺服器角色); 需要的伺服器連接埠 (依伺服器角色); 必要伺服器連接埠 (依伺服器角色)"},
	{"hlb-only-ports",
		"仅使用硬件负载平衡时的硬件负载平衡器端口; 仅使用硬件负载平衡时硬件负载平衡器端口; 如果仅使用硬件负载平衡，硬件负载平衡器端口; 如果仅使用硬件负载均衡，则硬件负载均衡器端口; "
		"僅使用硬體負載平衡時的硬體負載平衡器連接埠; 如果僅使用硬體負載平衡，則為硬體負載平衡器連接埠"},
	{"dns-lb-ports",
		"使用 DNS 负载平衡时的硬件负载平衡器端口; 使用 DNS 负载平衡时硬件负载平衡器端口; 如果使用 DNS 负载平衡，硬件负载平衡器端口; "
		"如果使用 DNS 负载均衡，则硬件负载均衡器端口; 使用 DNS 負載平衡時的硬體負載平衡器連接埠; 如果使用 DNS 負載平衡，則為硬體負載平衡器連接埠"},
	{"client-ports", "所需的客户端端口; 必需的客户端端口; 必要的用戶端連接埠; 所需的用戶端連接埠; 需要的用戶端連接埠; 必要用戶端連接埠"},
	{"ipsec-exceptions",
		"建议的 IPsec 例外; 推荐的 IPsec 例外; 建議的 IPsec 例外; IPsec 例外; 建議的 IPsec 例外狀況; IPsec 例外狀況; "
		"建议的 IPsec 例外情况; IPsec 例外情况"},
	{"ocs-ports",
		"表 1. Office Communications Server 和客户端使用的端口和协议; "
		"表 1. Office Communications Server 與用戶端使用的連接埠與通訊協定; Office Communications Server 和客户端使用的端口和协议"},
	{"server-role", "服务器角色; 伺服器角色; 角色; 服务器; 伺服器"},
	{"service-name", "服务名称; 服務名稱; 服务; 服務; 服务名"},
	{"port", "端口; 連接埠; 通訊埠; 端口号; 連接埠號碼; 端口范围; 連接埠範圍; 端口或端口范围; 連接埠或連接埠範圍; 埠"},
	{"protocol", "协议; 通訊協定; 協定; 通信协议"},
	{"transport", "TCP 或 UDP; 传输; 傳輸; 传输协议; 傳輸通訊協定; UDP 或 TCP; 傳輸協定"},
	{"role-or-protocol", "角色或协议; 角色或通訊協定; 角色或協定"},
	{"compound",
		"角色/协议/TCP 或 UDP/端口; 协议/TCP 或 UDP/端口; 角色/协议/端口; 协议/端口; 角色/通訊協定/TCP 或 UDP/連接埠; "
		"通訊協定/TCP 或 UDP/連接埠; 角色/通訊協定/連接埠; 通訊協定/連接埠; 角色/协议/TCP/UDP/端口; 协议/TCP/UDP/端口"},
	{"direction", "方向; 流量方向; 通信方向"},
	{"notes", "备注; 注释; 说明; 注意; 備註; 附註; 註解; 用途; 注; 目的; 描述; 註; 說明; 评论; 注意事项; 笔记; 記事"},
	{"load-balancer", "负载平衡器; 負載平衡器; 负载均衡器; 负载平衡; 負載平衡; 负载均衡; 硬件负载平衡器; 硬體負載平衡器; 负载平衡系统"},
	{"component", "组件; 元件; 组件(服务器角色或客户端); 元件 (伺服器角色或用戶端)"},
	{"rule-name", "规则名称; 規則名稱; 规则; 規則; 规则名"},
	{"source-ip", "源 IP; 來源 IP; 源 IP 地址; 來源 IP 位址; 源; 來源; 来源; 来源 IP; 源地址"},
	{"destination-ip",
		"目标 IP; 目的 IP; 目的地 IP; 目标 IP 地址; 目的地 IP 位址; 目标; 目的地; 目的 IP 地址; 目標 IP; 目的 IP 位址; 目標; 目標 IP 位址"},
	{"source-port", "源端口; 來源連接埠; 源端口或端口范围; 來源連接埠或連接埠範圍; 来源端口; 來源埠; 來源通訊埠"},
	{"destination-port", "目标端口; 目的端口; 目的地連接埠; 目的連接埠; 目标端口或端口范围; 目的地連接埠或連接埠範圍; 目標連接埠; 目的地埠; 目的地通訊埠"},
	{"authentication-requirement", "身份验证要求; 驗證需求; 验证要求; 身份验证需求; 驗證要求; 身份验证; 驗證"},
	{"do-not-authenticate",
		"不验证; 不进行身份验证; 不要进行身份验证; 不驗證; 不要驗證; 请勿验证; 不执行身份验证; 不要进行验证; 不進行驗證; 請勿驗證; 无需身份验证"},
	{"media-port-range", "指定的媒体端口范围; 指定媒体端口范围; 指定的媒體連接埠範圍; 指定媒體連接埠範圍; 指定的媒體埠範圍"},
	{"av-edge-internal-inbound",
		"A/V 边缘服务器内部入站; A/V 邊緣伺服器內部輸入; A/V 邊緣伺服器內部傳入; A/V Edge Server 內部輸入; A/V 边缘服务器内部传入; "
		"A/V 邊緣伺服器內部連入; A/V Edge Server 內部傳入"},
	{"av-edge-external-inbound",
		"A/V 边缘服务器外部入站; A/V 邊緣伺服器外部輸入; A/V 邊緣伺服器外部傳入; A/V Edge Server 外部輸入; A/V 边缘服务器外部传入; "
		"A/V 邊緣伺服器外部連入; A/V Edge Server 外部傳入"},
	{"av-edge-internal-outbound",
		"A/V 边缘服务器内部出站; A/V 邊緣伺服器內部輸出; A/V 邊緣伺服器內部傳出; A/V Edge Server 內部輸出; A/V 边缘服务器内部传出; "
		"A/V 邊緣伺服器內部連出; A/V Edge Server 內部傳出"},
	{"av-edge-external-outbound",
		"A/V 边缘服务器外部出站; A/V 邊緣伺服器外部輸出; A/V 邊緣伺服器外部傳出; A/V Edge Server 外部輸出; A/V 边缘服务器外部传出; "
		"A/V 邊緣伺服器外部連出; A/V Edge Server 外部傳出"},
	{"mediation-inbound", "中介服务器入站; 中繼伺服器輸入; 中繼伺服器傳入; 中介服务器传入; 中繼伺服器連入"},
	{"mediation-outbound", "中介服务器出站; 中繼伺服器輸出; 中繼伺服器傳出; 中介服务器传出; 中繼伺服器連出"},
	{"conferencing-attendant-inbound",
		"会议助理入站; 會議服務員輸入; 會議助理傳入; 會議總機輸入; 会议助理传入; 會議服務員傳入; 會議總機傳入; 會議總機連入"},
	{"conferencing-attendant-outbound",
		"会议助理出站; 會議服務員輸出; 會議助理傳出; 會議總機輸出; 会议助理传出; 會議服務員傳出; 會議總機傳出; 會議總機連出"},
	{"av-conferencing-inbound", "A/V 会议入站; A/V 會議輸入; A/V 會議傳入; A/V 会议传入; 音频/视频会议入站; A/V 會議連入"},
	{"av-conferencing-outbound", "A/V 会议出站; A/V 會議輸出; A/V 會議傳出; A/V 会议传出; 音频/视频会议出站; A/V 會議連出"},
	{"exchange-inbound", "Exchange 入站; Exchange 輸入; Exchange 傳入; Exchange 传入; Exchange 連入"},
	{"exchange-outbound", "Exchange 出站; Exchange 輸出; Exchange 傳出; Exchange 传出; Exchange 連出"},
	{"application-sharing-inbound",
		"应用程序共享服务器入站; 應用程式共用伺服器輸入; 應用程式共用伺服器傳入; 应用程序共享服务器传入; 應用程式分享伺服器傳入; 應用程式共用伺服器連入"},
	{"application-sharing-outbound",
		"应用程序共享服务器出站; 應用程式共用伺服器輸出; 應用程式共用伺服器傳出; 应用程序共享服务器传出; 應用程式分享伺服器傳出; 應用程式共用伺服器連出"},
	{"clients", "客户端; 用戶端; 客户; 客戶端"},
	{NULL, NULL},
};
/* clang-format on */
