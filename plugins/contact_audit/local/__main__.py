"""python -m contact_audit.local."""

import sys

from contact_audit.local.cli import main

sys.exit(main())
