/*
 * Ids of the vocabulary come with the names that Japanese editions print for them, divided by "; ".
 * Variants are listed where wordings differ: order of words, accents and a plural s make none. A name that two ids of
 * one kind share is refused by the tests.
 */
#include "catalog/vocabulary.h"

/* clang-format off */
const struct vocabulary_names vocabulary_ja[] = {
	{"skype-for-business-server",
		"Skype for Business サーバー; ビジネス向け Skype サーバー; Skype for Business Server 2019; "
		"Skype for Business サーバー 2019"},
	{"skype-for-business-server-2015", "Skype for Business サーバー 2015"},
	{"skype-for-business-online", "Skype for Business オンライン"},
	{"all-servers", "すべてのサーバー; 全サーバー; すべてサーバー"},
	{"all-internal-servers", "すべての内部サーバー; 全内部サーバー; すべての社内サーバー"},
	{"front-end-server", "フロントエンド サーバー; フロント エンド サーバー; Front End Server サーバー"},
	{"front-end-server-collocated-mediation",
		"併置された仲介サーバーも実行するフロントエンド サーバー; 併置仲介サーバーも実行するフロント エンド サーバー; 併置された仲介サーバーも実行しているフロントエンド サーバー; "
		"併置された仲介サーバーも実行されているフロントエンド サーバー; 併置された仲介サーバーが実行されているフロントエンド サーバー; 仲介サーバーも実行するフロントエンド サーバー; "
		"配置済みの仲介サーバーも実行するフロントエンド サーバー; 同じ場所に配置された仲介サーバーも実行するフロントエンド サーバー; "
		"連結された仲介サーバーも実行するフロントエンド サーバー"},
	{"front-end-server-cms",
		"中央管理ストアが存在するフロントエンド サーバー; 中央管理ストアがあるフロントエンド サーバー; 中央管理ストアが配置されているフロントエンド サーバー; "
		"全体管理ストアが存在するフロントエンド サーバー; サーバーの全体管理ストアが存在するフロントエンド サーバー; 中央管理ストアをホストするフロントエンド サーバー; "
		"中央管理ストアが置かれているフロントエンド サーバー; 中央管理ストアが常駐するフロントエンド サーバー"},
	{"front-end-server-conferencing-attendant",
		"会議アテンダントを実行するフロントエンド サーバー; 会議アテンダントを実行しているフロントエンド サーバー; 会議アテンダントが実行されているフロントエンド サーバー; "
		"電話会議アテンダントを実行するフロントエンド サーバー; 電話会議アテンダントを実行しているフロントエンド サーバー"},
	{"front-end-pool", "フロントエンド プール; フロントエンド サーバー プール"},
	{"director", "ディレクター; ディレクター サーバー; 取締役"},
	{"director-pool", "ディレクター プール"},
	{"mediation-server", "仲介サーバー; メディエーション サーバー; 調停サーバー; 仲裁サーバー"},
	{"edge-server", "エッジ サーバー; 統合エッジ サーバー; エッジ"},
	{"access-edge-server",
		"アクセス エッジ サーバー; アクセス エッジ サービス; エッジ サーバーのアクセス エッジ サービス; アクセス; アクセス エッジ; エッジ サーバー アクセス エッジ サービス"},
	{"web-conferencing-edge-server",
		"Web 会議エッジ サーバー; Web 会議エッジ サービス; エッジ サーバーの Web 会議エッジ サービス; Web 会議; Web 会議エッジ"},
	{"av-edge-server",
		"音声ビデオ エッジ サーバー; A/V エッジ サーバー; A/V エッジ サービス; エッジ サーバーの A/V エッジ サービス; 音声ビデオ エッジ サービス; "
		"A/V エッジ; エッジ サーバーの音声ビデオ エッジ サービス; 音声/ビデオ エッジ"},
	{"av-edge-server-internal",
		"A/V エッジ サーバー内部; 音声ビデオ エッジ サーバー内部; A/V エッジ サーバーの内部インターフェイス; A/V エッジ サーバー (内部); "
		"内部 A/V エッジ サーバー"},
	{"av-edge-server-external",
		"A/V エッジ サーバー外部; 音声ビデオ エッジ サーバー外部; A/V エッジ サーバーの外部インターフェイス; A/V エッジ サーバー (外部); "
		"外部 A/V エッジ サーバー"},
	{"xmpp-proxy", "XMPP プロキシ サービス; XMPP プロキシ"},
	{"xmpp-gateway", "XMPP ゲートウェイ; XMPP ゲートウェイ サービス; フロントエンド サーバーの XMPP ゲートウェイ"},
	{"reverse-proxy", "リバース プロキシ; リバース プロキシ サーバー; 逆プロキシ"},
	{"office-web-apps-server", "Office Web Apps サーバー; Office Web Apps Server; Office Online サーバー"},
	{"persistent-chat-server",
		"常設チャット フロント エンド サーバー; 常設チャット サーバー; 永続的なチャット フロントエンド サーバー; 永続チャット フロントエンド サーバー; "
		"常設チャットのフロントエンド サーバー; 固定チャット フロントエンド サーバー"},
	{"group-chat-server", "グループ チャット サーバー; グループ チャット"},
	{"monitoring-server", "監視サーバー; モニタリング サーバー"},
	{"archiving-server", "アーカイブ サーバー"},
	{"communicator-web-access-server", "Communicator Web Access サーバー"},
	{"application-sharing-server", "アプリケーション共有サーバー"},
	{"exchange-unified-messaging",
		"Exchange ユニファイド メッセージング; Exchange 統合メッセージング; Exchange ユニファイド メッセージング サーバー"},
	{"conferencing-server", "会議サーバー; 音声ビデオ会議サーバー; A/V 会議サーバー"},
	{"web-conferencing-server", "Web 会議サーバー"},
	{"survivable-branch-appliance", "存続可能ブランチ アプライアンス; Survivable Branch Appliance"},
	{"pstn-gateway", "PSTN ゲートウェイ; 公衆交換電話網ゲートウェイ; ゲートウェイ"},
	{"e911-gateway", "E9-1-1 ゲートウェイ; 拡張 9-1-1 (E9-1-1) ゲートウェイ"},
	{"pbx", "構内交換機; PBX システム"},
	{"remote-call-control-server", "リモート通話コントロール サーバー; RCC 回線サーバー"},
	{"file-share-server", "ファイル共有サーバー; ファイル サーバー"},
	{"central-management-store", "中央管理ストア; 中央管理サーバー; 全体管理ストア"},
	{"domain-controller", "ドメイン コントローラー; Active Directory ドメイン コントローラー"},
	{"global-catalog", "グローバル カタログ; グローバル カタログ サーバー"},
	{"any", "任意; すべて; いずれか; 任意の IP アドレス; 任意のポート; 任意の IP"},
	{"front-end-load-balancer",
		"フロントエンド サーバー ロード バランサー; フロントエンド サーバーのロード バランサー; フロントエンド サーバーの負荷分散; フロントエンド サーバー負荷分散装置; "
		"フロントエンド サーバーの負荷分散装置; フロントエンド サーバーの負荷分散機能"},
	{"front-end-load-balancer-collocated-mediation",
		"フロントエンド サーバー ロード バランサー (プールで仲介サーバーも実行する場合); フロントエンド サーバー ロード バランサー (プールが仲介サーバーも実行する場合); "
		"フロントエンド サーバー ロード バランサー (プールで仲介サーバーも実行している場合); "
		"フロントエンド サーバー ロード バランサー (プールで仲介サーバーも実行されている場合); フロントエンド サーバー負荷分散装置 (プールが仲介サーバーも実行する場合); "
		"フロントエンド サーバーの負荷分散 (プールで仲介サーバーも実行している場合); フロントエンド サーバー ロード バランサー (プールが仲介サーバーも実行している場合)"},
	{"mediation-load-balancer", "仲介サーバー ロード バランサー; 仲介サーバーのロード バランサー; 仲介サーバーの負荷分散; 仲介サーバー負荷分散装置"},
	{"director-load-balancer",
		"ディレクター ロード バランサー; ディレクターのロード バランサー; ディレクターの負荷分散; ディレクター負荷分散装置; ディレクター サーバー ロード バランサー"},
	{"edge-load-balancer", "エッジ サーバー ロード バランサー; エッジ サーバーの負荷分散; エッジ サーバーのロード バランサー; エッジ サーバー負荷分散装置"},
	{"sql-browser", "SQL Browser; SQL ブラウザー; SQL Server Browser"},
	{"front-end-service",
		"フロントエンド サービス; フロント エンド サービス; フロントエンド サーバー サービス; Front-End サービス; Front End サービス"},
	{"im-conferencing-service",
		"IM 会議サービス; インスタント メッセージング会議サービス; インスタント メッセージ会議サービス; インスタント メッセージング (IM) 会議サービス"},
	{"web-conferencing-service", "Web 会議サービス; Web Conferencing サービス; ウェブ会議サービス"},
	{"web-conferencing-compatibility-service",
		"Web 会議互換性サービス; Web 会議互換サービス; Web Conferencing Compatibility サービス; Web 会議との互換性サービス"},
	{"av-conferencing-service",
		"音声ビデオ会議サービス; オーディオ/ビデオ会議サービス; 音声/ビデオ会議サービス; A/V 会議サービス; 音声とビデオ会議サービス; 音声および/またはビデオ会議サービス; "
		"音声/ビデオ (A/V) 会議サービス"},
	{"web-compatibility-service", "Web 互換性サービス; Web 互換サービス; Web Compatibility サービス"},
	{"web-server-component", "Web サーバー コンポーネント; Web コンポーネント; Web サーバーのコンポーネント"},
	{"mobility-services",
		"モビリティ サービス コンポーネント; モビリティ サービスのコンポーネント; モビリティ サービス; Mobility Services コンポーネント; "
		"モバイル サービス コンポーネント"},
	{"conferencing-attendant-service",
		"会議アテンダント サービス (ダイヤルイン会議); 会議アテンダント サービス; 電話会議アテンダント サービス (ダイヤルイン会議); 会議アテンダント サービス (電話会議); "
		"会議アテンダント サービス (ダイヤルイン); 会議アテンダント; Conferencing Attendant サービス (ダイヤルイン会議); 電話会議アテンダント サービス"},
	{"mediation-service", "仲介サービス; 仲介サーバー サービス; Mediation サービス; 調停サービス; メディエーション サービス"},
	{"application-sharing-service", "アプリケーション共有サービス; アプリケーションの共有サービス; Application Sharing サービス"},
	{"conferencing-announcement-service",
		"会議アナウンス サービス; 会議通知サービス; 会議のアナウンス サービス; 電話会議アナウンス サービス; Conferencing Announcement サービス; "
		"会議案内サービス"},
	{"call-park-service", "コール パーク サービス; コールパーク サービス; 通話パーク サービス; Call Park サービス; 通話保留サービス"},
	{"audio-test-service", "音声テスト サービス; オーディオ テスト サービス; Audio Test サービス; 音声品質テスト サービス"},
	{"response-group-service", "応答グループ サービス; Response Group サービス; 応答グループのサービス"},
	{"bandwidth-policy-service", "帯域幅ポリシー サービス; Bandwidth Policy サービス; 帯域幅のポリシー サービス"},
	{"file-share-access", "ファイル共有サーバー アクセス; ファイル共有サーバーへのアクセス; ファイル共有アクセス"},
	{"master-replicator-agent",
		"マスター レプリケーター エージェント サービス; Master Replicator Agent サービス; マスター レプリケーター エージェントのサービス; "
		"マスター レプリケーション エージェント サービス; マスタ レプリケータ エージェント サービス"},
	{"persistent-chat-sip", "常設チャット SIP; 永続的なチャット SIP; 永続チャット SIP; 固定チャット SIP"},
	{"persistent-chat-wcf",
		"常設チャット Windows Communication Foundation (WCF); 常設チャット WCF; "
		"永続的なチャット Windows Communication Foundation (WCF); "
		"永続チャット Windows Communication Foundation (WCF); 固定チャット Windows Communication Foundation (WCF)"},
	{"persistent-chat-file-transfer",
		"常設チャット ファイル転送サービス; 永続的なチャット ファイル転送サービス; 永続チャット ファイル転送サービス; 常設チャットのファイル転送サービス; "
		"固定チャット ファイル転送サービス"},
	{"various", "さまざま; 様々; 各種; 多様; さまざまな; 複数"},
	{"not-applicable", "該当なし; 適用外; 適用なし; 該当しない; なし; 対象外; 適用できません; N/A"},
	{"uc-client", "クライアント; Lync クライアント; Skype for Business クライアント; Lync 2013 クライアント"},
	{"office-communicator", "Communicator クライアント; Office Communicator クライアント"},
	{"live-meeting-2007", "Live Meeting 2007 クライアント; Live Meeting クライアント"},
	{"aastra-6721ip",
		"Aastra 6721ip 共用エリアの電話; Aastra 6721ip 共用エリア電話; Aastra 6721ip 共有エリア電話; "
		"Aastra 6721ip 共有エリアの電話; Aastra 6721ip 共有エリアの電話機; Aastra 6721ip 共通領域電話; "
		"Aastra 6721ip 共用エリア電話機; Aastra 6721ip 共通エリア電話"},
	{"aastra-6725ip",
		"Aastra 6725ip デスク フォン; Aastra 6725ip 卓上電話; Aastra 6725ip デスクトップ電話; Aastra 6725ip 卓上電話機; "
		"Aastra 6725ip デスク電話"},
	{"hp-4110",
		"HP 4110 IP 電話 (共用エリアの電話); HP 4110 IP 電話 (共有エリアの電話); HP 4110 IP Phone (共用エリア電話); "
		"HP 4110 IP 電話; HP 4110 IP 電話 (共通領域電話); HP 4110 IP 電話 (共有エリア電話); HP 4110 IP Phone (共有エリア電話); "
		"HP 4110 IP 電話 (共通エリア電話)"},
	{"hp-4120",
		"HP 4120 IP 電話 (卓上電話); HP 4120 IP 電話 (デスク フォン); HP 4120 IP Phone (卓上電話); HP 4120 IP 電話; "
		"HP 4120 IP Phone (デスク フォン); HP 4120 IP 電話 (デスク電話)"},
	{"polycom-cx500",
		"Polycom CX500 IP 共用エリアの電話; Polycom CX500 IP 共有エリアの電話; Polycom CX500 IP 共用エリア電話; "
		"Polycom CX500 IP 共有エリア電話; Polycom CX500 IP 電話; Polycom CX500 IP 共通領域電話; "
		"Polycom CX500 IP 共通エリア電話"},
	{"polycom-cx600",
		"Polycom CX600 IP デスク フォン; Polycom CX600 IP 卓上電話; Polycom CX600 IP 電話; "
		"Polycom CX600 IP 卓上電話機; Polycom CX600 IP デスク電話"},
	{"polycom-cx700",
		"Polycom CX700 IP デスク フォン; Polycom CX700 IP 卓上電話; Polycom CX700 IP 電話; "
		"Polycom CX700 IP 卓上電話機; Polycom CX700 IP デスク電話"},
	{"polycom-cx3000",
		"Polycom CX3000 IP 会議用電話; Polycom CX3000 IP 会議電話; Polycom CX3000 IP 電話会議用電話; "
		"Polycom CX3000 IP 電話; Polycom CX3000 IP 会議用電話機"},
	{"server-ports",
		"必要なサーバー ポート (サーバーの役割別); 必要なサーバー ポート (サーバー ロール別); 必須のサーバー ポート (サーバーの役割ごと); "
		"必要なサーバー ポート (サーバーの役割による); 必要なサーバーのポート (サーバーの役割別)"},
	{"hlb-only-ports",
		"ハードウェア負荷分散のみを使用する場合のハードウェア ロード バランサーのポート; ハードウェア ロード バランサーのみを使用する場合のハードウェア ロード バランサーのポート; "
		"ハードウェア負荷分散のみを使用している場合のハードウェア ロード バランサー ポート; ハードウェア負荷分散のみを使用する場合のハードウェア負荷分散装置のポート"},
	{"dns-lb-ports",
		"DNS 負荷分散を使用する場合のハードウェア ロード バランサーのポート; DNS 負荷分散を使用している場合のハードウェア ロード バランサー ポート; "
		"DNS 負荷分散を使用する場合のハードウェア負荷分散装置のポート; DNS 負荷分散を使用している場合のハードウェア負荷分散装置のポート"},
	{"client-ports", "必要なクライアント ポート; 必須のクライアント ポート; 必要なクライアントのポート"},
	{"ipsec-exceptions", "推奨される IPsec 例外; 推奨 IPsec 例外; IPsec の例外; 推奨される IPsec の例外; IPsec の推奨例外"},
	{"ocs-ports",
		"表 1. Office Communications Server およびクライアントによって使用されるポートとプロトコル; "
		"Office Communications Server とクライアントで使用されるポートとプロトコル"},
	{"server-role", "サーバーの役割; サーバー ロール; 役割; サーバー; ロール"},
	{"service-name", "サービス名; サービス; サービスの名前"},
	{"port", "ポート; ポート番号; ポート範囲; ポートまたはポート範囲"},
	{"protocol", "プロトコル"},
	{"transport", "TCP または UDP; トランスポート; トランスポート プロトコル; UDP または TCP; TCP か UDP"},
	{"role-or-protocol", "役割またはプロトコル; ロールまたはプロトコル"},
	{"compound",
		"役割/プロトコル/TCP または UDP/ポート; プロトコル/TCP または UDP/ポート; 役割/プロトコル/ポート; プロトコル/ポート; "
		"ロール/プロトコル/TCP または UDP/ポート; 役割/プロトコル/TCP/UDP/ポート; プロトコル/TCP/UDP/ポート"},
	{"direction", "方向; トラフィックの方向; 通信方向"},
	{"notes", "備考; 注; 注意; コメント; 目的; 説明; 用途; メモ; ノート; 注記; 補足"},
	{"load-balancer", "ロード バランサー; 負荷分散装置; 負荷分散; ハードウェア ロード バランサー; 負荷分散機能"},
	{"component", "コンポーネント; コンポーネント (サーバーの役割またはクライアント); 構成要素; コンポーネント (サーバー ロールまたはクライアント)"},
	{"rule-name", "ルール名; 規則名; 規則の名前; ルールの名前; 規則; ルール"},
	{"source-ip", "送信元 IP; ソース IP; 発信元 IP; 送信元 IP アドレス; ソース IP アドレス; 発信元 IP アドレス; 送信元; ソース; 発信元"},
	{"destination-ip",
		"宛先 IP; 送信先 IP; 宛先 IP アドレス; 送信先 IP アドレス; 宛先; 送信先; 接続先; 接続先 IP; ターゲット IP; 接続先 IP アドレス"},
	{"source-port", "送信元ポート; ソース ポート; 発信元ポート; 送信元ポートまたはポート範囲; ソース ポートまたはポート範囲"},
	{"destination-port", "宛先ポート; 送信先ポート; 接続先ポート; ターゲット ポート; 宛先ポートまたはポート範囲; 送信先ポートまたはポート範囲"},
	{"authentication-requirement", "認証要件; 認証の要件; 認証; 認証に関する要件"},
	{"do-not-authenticate", "認証しない; 認証を行わない; 認証しません; 認証なし; 認証しないでください"},
	{"media-port-range",
		"指定されたメディア ポート範囲; 指定したメディア ポート範囲; 指定されたメディア ポートの範囲; 指定したメディア ポートの範囲; 特定のメディア ポート範囲"},
	{"av-edge-internal-inbound",
		"A/V エッジ サーバー内部受信; 音声ビデオ エッジ サーバー内部受信; A/V エッジ サーバーの内部受信; A/V エッジ サーバー内部着信; "
		"A/V エッジ サーバーの内部インバウンド"},
	{"av-edge-external-inbound",
		"A/V エッジ サーバー外部受信; 音声ビデオ エッジ サーバー外部受信; A/V エッジ サーバー外部着信; A/V エッジ サーバーの外部インバウンド"},
	{"av-edge-internal-outbound",
		"A/V エッジ サーバー内部送信; 音声ビデオ エッジ サーバー内部送信; A/V エッジ サーバー内部発信; A/V エッジ サーバーの内部アウトバウンド"},
	{"av-edge-external-outbound",
		"A/V エッジ サーバー外部送信; 音声ビデオ エッジ サーバー外部送信; A/V エッジ サーバー外部発信; A/V エッジ サーバーの外部アウトバウンド"},
	{"mediation-inbound", "仲介サーバー受信; 仲介サーバー着信; 仲介サーバーのインバウンド"},
	{"mediation-outbound", "仲介サーバー送信; 仲介サーバー発信; 仲介サーバーのアウトバウンド"},
	{"conferencing-attendant-inbound", "会議アテンダント受信; 会議アテンダント着信; 電話会議アテンダント受信; 会議アテンダントのインバウンド"},
	{"conferencing-attendant-outbound", "会議アテンダント送信; 会議アテンダント発信; 電話会議アテンダント送信; 会議アテンダントのアウトバウンド"},
	{"av-conferencing-inbound", "A/V 会議受信; 音声ビデオ会議受信; A/V 会議着信; A/V 会議のインバウンド; 音声/ビデオ会議の受信"},
	{"av-conferencing-outbound", "A/V 会議送信; 音声ビデオ会議送信; A/V 会議発信; A/V 会議のアウトバウンド; 音声/ビデオ会議の送信"},
	{"exchange-inbound", "Exchange 受信; Exchange 着信; Exchange インバウンド"},
	{"exchange-outbound", "Exchange 送信; Exchange 発信; Exchange アウトバウンド"},
	{"application-sharing-inbound", "アプリケーション共有サーバー受信; アプリケーション共有サーバー着信; アプリケーション共有サーバーのインバウンド"},
	{"application-sharing-outbound", "アプリケーション共有サーバー送信; アプリケーション共有サーバー発信; アプリケーション共有サーバーのアウトバウンド"},
	{"clients", "クライアント"},
	{NULL, NULL},
};
/* clang-format on */
