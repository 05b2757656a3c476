"""The demo helpdesk: a simulated company's contacts and their edits since October 2019.

`fill` loads it into the reference helpdesk's schema; `simulate` gives the same rows without a database, and the truth
behind them.
"""

from contact_audit.demo.load import fill
from contact_audit.demo.rows import World
from contact_audit.demo.simulation import simulate

__all__ = ["World", "fill", "simulate"]
