"""`python -m nekogao.cli` is `nekogao`."""

import sys

from nekogao.cli import main

sys.exit(main())
