"""The one Airflow plugin of this project: the Activity page in Airflow's web server and its entry in the navigation.

Every Airflow process loads this file, so it imports nothing but Airflow's base class; the web server alone asks for the app.
"""

import logging
from functools import cached_property
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

PATH = "contact-activity"


class ContactAuditPlugin(AirflowPlugin):
    """The Activity page. Addresses are relative: Airflow's UI resolves them below its own base_url."""

    name = "contact_audit"
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Contact activity",
            "href": f"{PATH}/",
            "url_route": PATH,
            "destination": "nav",
            "nav_top_level": True,
            "icon": f"{PATH}/static/icon.svg",
            "icon_dark_mode": f"{PATH}/static/icon-dark.svg",
        }
    ]

    @cached_property
    def fastapi_apps(self) -> list[Any]:
        """Made when the web server asks for it. A fault of ours leaves Airflow without the page, not without its UI."""
        try:
            from contact_audit.web.app import create_app  # noqa: PLC0415 (it brings FastAPI and drivers)
        except Exception:
            logging.getLogger(__name__).exception("the Activity page cannot be loaded")
            return []
        return [{"app": create_app(), "url_prefix": f"/{PATH}", "name": "Contact activity"}]
