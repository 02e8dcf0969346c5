/* links: catalog document base */
/*
 * Port cells: the spellings of ranges, lists, thousands and transports in eleven languages, and what must not pass as a port.
 */
#include <check.h>
#include <string.h>

#include "portcullis/import.h"
#include "portcullis/text.h"

START_TEST(port_spellings)
{
	static const struct {
		const char *in, *want; /* "!": refused, with these words */
	} cell[] = {
	        {"5061", "5061"},
	        {"5060/5061", "5060 5061"},
	        {"67/68", "67 68"},
	        {"49152-57500", "49152-57500"},
	        {"49152 \xe2\x80\x93 57500", "49152-57500"},
	        {"49152\xe2\x80\x91"
	         "57500",
	                "49152-57500"},
	        {"49152 bis 65535", "49152-65535"},
	        {"49152 A 65535", "49152-65535"},
	        {"49152 a 65535", "49152-65535"},
	        {"49152 to 65535", "49152-65535"},
	        {"49152 ～ 65535", "49152-65535"},
	        {"49152~65535", "49152-65535"},
	        {"49152 和 65535 之间", "49152-65535"},
	        {"between 1024 and 2048", "1024-2048"},
	        {"zwischen 1024 und 2048", "1024-2048"},
	        {"entre 1024 e 2048", "1024-2048"},
	        {"49152から65535", "49152-65535"},
	        {"50,000-59,999", "50000-59999"},
	        {"50.000-59.999", "50000-59999"},
	        {"50\xc2\xa0"
	         "000-59\xc2\xa0"
	         "999",
	                "50000-59999"},
	        {"50,001", "50001"},
	        {"443, 444", "443 444"},
	        {"443,444", "443 444"},
	        {"443 und 444", "443 444"},
	        {"443, 5061-5063", "443 5061-5063"},
	        {"1024-65535 *", "1024-65535"},
	        {"1024-65535*", "1024-65535"},
	        {"UDP 3478", "3478 udp"},
	        {"TCP:443", "443 tcp"},
	        {"４４３", "443"},
	        {"443（TCP）", "443 tcp"},
	        {"", "!"},
	        {"0", "!"},
	        {"65536", "!"},
	        {"99999999999999999999", "!"},
	        {"500-400", "!"},
	        {"443-", "!"},
	        {"-443", "!"},
	        {"80-90-100", "!"},
	        {"80--90", "!"},
	        {"http", "!"},
	        {"443 (extern)", "!"},
	        {"*", "!"},
	        /* Words between the ends of a range. */
	        {"50000 to 59999", "50000-59999"},
	        {"50,000 to 59,999", "50000-59999"},
	        {"50.000 bis 59.999", "50000-59999"},
	        {"50 000–59 999", "50000-59999"},
	        {"50’000 à 59’999", "50000-59999"},
	        {"from 50000 to 59999", "50000-59999"},
	        {"von 50.000 bis 59.999", "50000-59999"},
	        {"de 50\xe2\x80\xaf"
	         "000 à 59\xe2\x80\xaf"
	         "999",
	                "50000-59999"},
	        {"de 50 000 a 59 999", "50000-59999"},
	        {"de 1024 até 65535", "1024-65535"},
	        {"del 1024 al 65535", "1024-65535"},
	        {"desde 1024 hasta 65535", "1024-65535"},
	        {"da 1024 a 65535", "1024-65535"},
	        {"с 1024 по 65535", "1024-65535"},
	        {"от 1024 до 65535", "1024-65535"},
	        {"1024 ДО 65535", "1024-65535"},
	        {"1024 から 65535 まで", "1024-65535"},
	        {"1024から65535の間", "1024-65535"},
	        {"1024 〜 65535", "1024-65535"},
	        {"1024ー65535", "1024-65535"},
	        {"１０２４～６５５３５", "1024-65535"},
	        {"50，000～59，999", "50000-59999"},
	        {"1024에서 65535까지", "1024-65535"},
	        {"1024부터 65535까지", "1024-65535"},
	        {"从 1024 到 65535", "1024-65535"},
	        {"從1024到65535", "1024-65535"},
	        {"1024 至 65535", "1024-65535"},
	        {"1024－65535", "1024-65535"},
	        {"49152 - 65535", "49152-65535"},
	        {"49152‐65535", "49152-65535"},
	        {"1024-65535\\*", "1024-65535"},
	        {"1024-65535※", "1024-65535"},
	        {"443¹", "443"},
	        /* Between two ends. */
	        {"Between 1024 and 2048", "1024-2048"},
	        {"entre 1024 et 2048", "1024-2048"},
	        {"Entre 1024 y 2048", "1024-2048"},
	        {"tra 1024 e 2048", "1024-2048"},
	        {"fra 1024 e 2048", "1024-2048"},
	        {"между 1024 и 2048", "1024-2048"},
	        {"1024 と 2048 の間", "1024-2048"},
	        {"1024와 2048 사이", "1024-2048"},
	        {"介于 1024 和 2048 之间", "1024-2048"},
	        {"介於 1024 與 2048 之間", "1024-2048"},
	        {"在 1024-2048 之间", "1024-2048"},
	        {"between 1024, 2048", "!two ends"},
	        {"между 1024", "!two ends"},
	        /* Lists. */
	        {"443 and 444", "443 444"},
	        {"443 e 444", "443 444"},
	        {"443 y 444", "443 444"},
	        {"443 et 444", "443 444"},
	        {"443 и 444", "443 444"},
	        {"443 と 444", "443 444"},
	        {"443および444", "443 444"},
	        {"443、444", "443 444"},
	        {"443・444", "443 444"},
	        {"443 및 444", "443 444"},
	        {"443和444", "443 444"},
	        {"443 及 444", "443 444"},
	        {"443 與 444", "443 444"},
	        {"80,443", "80 443"},
	        {"80, 443, 50,000-59,999", "80 443 50000-59999"},
	        /* Transports in the cell. */
	        {"TCP 443", "443 tcp"},
	        {"443/TCP", "443 tcp"},
	        {"TCP/443", "443 tcp"},
	        {"UDP:3478", "3478 udp"},
	        {"443 (TCP)", "443 tcp"},
	        {"443, 5061 (TCP)", "443 5061 tcp"},
	        {"1024–65535 (TCP)", "1024-65535 tcp"},
	        {"1024–65535 (TCP/UDP)", "1024-65535 tcp udp"},
	        {"TCP 和 UDP 443", "443 tcp udp"},
	        {"TCP和UDP端口443", "443 tcp udp"},
	        {"443/TCP, 5061/TCP", "443 5061 tcp"},
	        {"TCP 443, TCP 5061", "443 5061 tcp"},
	        {"443/TCP, 3478/UDP", "!different transports"},
	        {"TCP 443\nUDP 3478", "!different transports"},
	        {"443/TCP, 3478", "!some of the ports"},
	        {"Port 443", "443"},
	        {"ポート 443", "443"},
	        {"포트 443", "443"},
	        {"連接埠443", "443"},
	        /* Digits of other words. */
	        {"E911", "!not understood"},
	        {"443a", "!not understood"},
	        {"443e", "!not understood"},
	        {"IPv6", "!not understood"},
	        {"IPv6 443", "!not understood"},
	        {"CX600", "!not understood"},
	        {"6721ip", "!not understood"},
	        {"10.0.0.1", "!between 1 and"},
	        {"10.1.2.3", "!without a mark"},
	        {"443[1]", "!not understood"},
	        {"443 1)", "!without a mark"},
	        {"1024+", "!not understood"},
	        {"> 1024", "!not understood"},
	        {"和平 443", "!not understood"},
	        {"000443", "!between 1 and"},
	        /* A lost mark. */
	        {"67 68", "!list or range"},
	        {"67\xc2\xa0"
	         "68",
	                "!list or range"},
	        {"6891 6901", "!list or range"},
	        {"50,000 59,999", "!list or range"},
	        {"443 (4443)", "!list or range"},
	        {"443 – TCP", "!without an end"},
	};
	for (size_t i = 0; i < sizeof(cell) / sizeof(cell[0]); i++) {
		struct ports ports;
		struct text got = {0};
		const char *reason = NULL;
		char buf[16];
		if (ports_parse(cell[i].in, &ports, &reason) != 0) {
			ck_assert_msg(cell[i].want[0] == '!' && strstr(reason, cell[i].want + 1) != NULL,
			        "'%s' is refused: %s", cell[i].in, reason);
			continue;
		}
		for (size_t k = 0; k < ports.n; k++)
			text_addf(&got, "%s%s", k > 0 ? " " : "", port_range_print(ports.range[k], buf, sizeof(buf)));
		text_addf(&got, "%s%s", ports.tcp ? " tcp" : "", ports.udp ? " udp" : "");
		ck_assert_msg(
		        strcmp(text_str(&got), cell[i].want) == 0, "'%s' is read as '%s'", cell[i].in, text_str(&got));
		text_fini(&got);
		ports_fini(&ports);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ports");
	TCase *t = tcase_create("all");
	tcase_add_test(t, port_spellings);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
