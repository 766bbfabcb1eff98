from importlib import import_module

from celery import shared_task
from django.conf import settings

from accounts import sign_on
from web import following, workers
from web.accounts import reminders
from web.accounts.reset import mail_password_link
from web.actor import acting
from web.audit import retention
from web.backups.tasks import back_up
from web.clock import trusted_now
from web.delivery.tasks import deliver, keep_deliveries
from web.kinds.import_job import work_on_import
from web.security_log import chaining
from web.security_log.tasks import chain_security_log, stream_security_log

__all__ = [
    "back_up",
    "chain_security_log",
    "clear_sessions",
    "deliver",
    "end_stale_roles",
    "keep_deliveries",
    "keep_history",
    "mail_password_link",
    "number_written",
    "remind_of_tokens",
    "stream_security_log",
    "work_on_import",
]


@shared_task(name="web.keep_history")
def keep_history() -> int:
    if workers.are_catching_up():
        return 0
    now = trusted_now()
    return retention.keep(now=now) + chaining.drop_expired(now=now)


@shared_task(name="web.number_written")
def number_written() -> int:
    return sum(map(following.number, following.followed_models()))


@shared_task(name="web.end_stale_roles")
def end_stale_roles() -> int:
    now = trusted_now()
    with acting("group rules"):
        return sign_on.end_stale(before=now - settings.OIDC_LASTS, now=now)


@shared_task(name="web.remind_of_tokens")
def remind_of_tokens() -> int:
    with acting("reminders"):
        return reminders.remind(now=trusted_now())


@shared_task(name="web.clear_sessions")
def clear_sessions() -> int:
    """Delete sessions that have ended: nobody signs out of those that browsers forget."""
    sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects
    count, _ = sessions.filter(expire_date__lt=trusted_now()).delete()
    return int(count)
