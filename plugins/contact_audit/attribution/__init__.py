"""Attribution: net changes, pins, gaps and who gets them (rules 1 to 9), schema changes, conservation. Pure."""
