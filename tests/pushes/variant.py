"""What is pushed: random numbers come in, edits of a configuration go out, with what is to be expected of each."""

from test_netconf import BASE, PC
from test_push import DROP, MANAGEMENT, NO_CLIENTS, NO_SSH, firewall

INPUT_DROPPED = "<default-action><input>drop</input></default-action>"
GATES = ("off", "warn", "reject")


class Variant:
    """What is pushed: a firewall part, a host more or less, and what is to be expected of it."""

    def __init__(self, draw=None):
        self.enforces = self.breaks = self.cuts = False
        self.gate = "warn"
        self.config = ""
        if draw is not None:
            self._draw(draw)

    def _draw(self, draw):
        self.enforces = draw.random() > 0.1
        self.gate = draw.choices(GATES, (1, 3, 6))[0]
        self.kind = draw.choices(("good", "breaking", "cutting"), (6, 3, 2))[0]
        self.breaks = self.enforces and self.kind == "breaking"
        self.cuts = self.enforces and self.kind == "cutting"
        managed = self.kind != "cutting" and draw.random() < 0.6
        parts = [self._extra(draw, number) for number in range(draw.choice((0, 1, 2, 3, 60)))]
        if self.kind == "breaking":
            parts.append(NO_CLIENTS)
        if self.kind == "cutting":
            parts.insert(0, draw.choice((NO_SSH, INPUT_DROPPED)))
        elif managed and draw.random() < 0.4:
            parts.insert(0, draw.choice((NO_SSH, INPUT_DROPPED)))
        if draw.random() < 0.2:
            parts.append("<scope>all</scope>")
        if draw.random() < 0.2:
            parts.append("<lost-connections>end</lost-connections>")
        parts.append(self._addresses(draw))
        self.config = (firewall(*parts, mode="enforce" if self.enforces else "observe", gate=self.gate,
                                management=MANAGEMENT if managed else "") + self._pool(draw))

    @staticmethod
    def _extra(draw, number):
        """A rule that stops nothing that is required."""
        path = draw.choice(("forward", "input", "output"))
        return DROP.format(name=f"extra{number}", matches=f"<path>{path}</path><source><address>192.0.2.{draw.randrange(250)}"
                           f"</address></source>").replace("drop", draw.choice(("drop", "reject", "accept")))

    @staticmethod
    def _addresses(draw):
        """A set, and a rule that has it."""
        if draw.random() < 0.5:
            return ""
        block, n = draw.randrange(16), draw.choice((3, 600))
        members = "".join(f"<address>198.{18 + k // 256}.{k % 256}.{block * 16}</address>" for k in range(n))
        return (f"<address-set><name>some</name>{members}</address-set>" +
                DROP.format(name="some", matches="<source><address-set>some</address-set></source>"))

    @staticmethod
    def _pool(draw):
        """The second host of a pool comes or goes."""
        gone = ' nc:operation="remove"' if draw.random() < 0.5 else ""
        return (f'<group xmlns="{PC}" xmlns:nc="{BASE}"><name>mediation-pool</name><address{gone}>10.20.3.12</address>'
                f"<address{gone}>fd00:20:3::12</address></group>")

    def is_refused(self, now, confirmed=False, override=False):
        """Does a change from that one to this one have to be refused?"""
        rejects = "reject" in (now.gate, self.gate) and not override
        return (rejects and self.breaks and not now.breaks) or (self.cuts and not confirmed)
