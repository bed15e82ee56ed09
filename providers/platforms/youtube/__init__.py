"""YouTube: views, watch time and subscribers of one channel.

API reference: https://developers.google.com/youtube/v3 and
https://developers.google.com/youtube/analytics (read 2026-11-22).
Quirks: an API key reads public numbers only; watch time needs a sign-in, whose token is bound
to the one channel chosen there. A service account has no channel and never works.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.declare import (
    Account,
    Answer,
    Cost,
    ErrorRule,
    Method,
    Passed,
    Provider,
    Skipped,
    Warned,
    access_token,
    account_id,
    base_url,
    codes,
    dig,
    step,
)
from providers.errors import (
    AccountNotFound,
    AuthExpired,
    AuthInvalid,
    PermissionMissing,
    QuotaExhausted,
    UnexpectedReply,
)
from providers.families import google
from providers.families.google import errors as google_errors
from providers.outbound.reply import Reply

CREDENTIALS_URL = f"{google.CONSOLE_URL}/apis/credentials"
CHANNEL_URL = "https://www.youtube.com/account_advanced"
QUOTA_URL = f"{google.CONSOLE_URL}/apis/api/youtube.googleapis.com/quotas"
PARTS = "id,snippet,statistics,contentDetails,status"
# With the choice of an account Google also lets one choose another channel.
OAUTH = google.oauth(
    google.scope(
        "youtube.readonly",
        *("youtube", "youtube.force-ssl", "youtubepartner"),
        gives="the channel and its public numbers",
        stops="The channel cannot be read.",
    ),
    google.scope(
        "yt-analytics.readonly",
        "yt-analytics-monetary.readonly",
        gives="views and watch time by day",
        stops="Views and watch time by day stop working.",
    ),
    prompt="select_account consent",
)
METRICS = "views,estimatedMinutesWatched,averageViewDuration,subscribersGained,subscribersLost"
API_KEY = Method(
    "api_key",
    "An API key",
    help="You can make a key in the Google Cloud console. "
    "It reads the public numbers: subscribers, views and videos.",
)


class YouTubeTester(google.GoogleTester):
    needs = OAUTH.scopes
    channels: list[dict[str, Any]] | None = None

    @step("Key or sign-in works")
    def credentials_work(self) -> Passed:
        """With a key, the call that the third step looks at is the proof."""
        if self.method == API_KEY.slug:
            self._find_channels()
            return Passed("YouTube accepts this API key.")
        return Passed(self.sign_in())

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """No call of its own."""
        if self.method == API_KEY.slug:
            return Skipped("An API key reads the public numbers; watch time needs a sign-in.")
        return self.permissions()

    @step("Channel reachable")
    def channel_is_reachable(self) -> Passed | Warned:
        """GET /channels -> {"items": [{"id": "UC…", "snippet": {"title": str}, "statistics":
        {"viewCount": "1"}, "status": {"privacyStatus": "public"}}]}; no items for no channel.
        """
        channels = self._find_channels()
        wanted = self.values.get("account_id")
        channel = next((one for one in channels if wanted in (None, one["id"])), None)
        if channel is None:
            raise self._no_channel(channels)
        self.account = Account(channel["id"], dig(channel, "snippet.title") or "")
        privacy = dig(channel, "status.privacyStatus")
        if privacy in ("private", "unlisted"):
            return Warned(f"The channel is {privacy}, so few people can see it. Look at it.")
        numbers = channel.get("statistics", {})
        counts = [f"{numbers.get('viewCount', '0')} views"]
        if not numbers.get("hiddenSubscriberCount"):
            counts.append(f"{numbers.get('subscriberCount', '0')} subscribers")
        counts.append(f"{numbers.get('videoCount', '0')} videos")
        return Passed(f"{self.account.name or self.account.id}: {', '.join(counts)}.")

    @step("Watch time can be read")
    def watch_time_is_readable(self) -> Passed | Skipped:
        """GET /v2/reports -> {"columnHeaders": [{"name": "day"}, …], "rows": [["2026-11-18", 5,
        9, 100, 1, 0]]}, in the order of the headers; no rows without data.
        """
        if self.method == API_KEY.slug:
            return Skipped("An API key cannot read watch time: that needs a sign-in.")
        today = datetime.now(UTC).date()
        found = self.api.get(
            "/v2/reports",
            host="ANALYTICS",
            ids="channel==MINE",
            startDate=f"{today - timedelta(days=10)}",
            endDate=f"{today - timedelta(days=1)}",
            metrics=METRICS,
            dimensions="day",
            sort="day",
        )
        if not isinstance(found, dict):
            raise UnexpectedReply
        if not found.get("rows"):
            return Passed("Reports can be read. Nobody watched in the last ten days.")
        names = [header["name"] for header in found["columnHeaders"]]
        newest = dict(zip(names, found["rows"][-1], strict=True))
        watched = f"{newest['views']} views, {newest['estimatedMinutesWatched']} minutes watched"
        return Passed(f"{newest['day']}: {watched}.")

    def accounts(self) -> list[Account] | None:
        """The one channel that was chosen at the sign-in; a key reaches every channel."""
        if self.method == API_KEY.slug:
            return None
        self.sign_in()
        return [
            Account(channel["id"], dig(channel, "snippet.title") or "")
            for channel in self._find_channels()
        ]

    def _find_channels(self) -> list[dict[str, Any]]:
        if self.channels is None:
            if self.method == API_KEY.slug:
                whose: dict[str, Any] = {
                    "id": self.values["account_id"],
                    "key": self.values["access_token"],
                }
            else:
                whose = {"mine": "true"}
            found = self.api.get("/youtube/v3/channels", part=PARTS, **whose)
            self.channels = found.get("items", [])
        return self.channels

    def _no_channel(self, others: list[dict[str, Any]]) -> AccountNotFound:
        if self.method == API_KEY.slug:
            return AccountNotFound(
                "YouTube knows no channel with this ID.",
                "Copy the channel ID again.",
                action_url=CHANNEL_URL,
            )
        if others:
            return AccountNotFound(
                "This sign-in is for another channel.",
                "Sign in again and choose the right channel, or correct the channel ID.",
                action_url=CHANNEL_URL,
            )
        return AccountNotFound(
            "This Google account has no YouTube channel.",
            "Sign in with the account that has the channel.",
        )


def channel_alone(text: str) -> str:
    """`https://www.youtube.com/channel/UC…` -> `UC…`."""
    return re.sub(r"^(https://)?((www|m)\.)?youtube\.com/channel/([^/?]+).*$", r"\4", text.strip())


ERRORS = (
    ErrorRule(  # with status 401 or 403: not a dead token
        code=codes("youtubeSignupRequired", "NoLinkedYouTubeAccount"),
        error=AccountNotFound,
        message="This Google account has no YouTube channel.",
        action="Sign in with the account that has the channel.",
    ),
    ErrorRule(
        text="api key expired",
        error=AuthExpired,
        message="The API key has expired.",
        action="Make a new one and paste it here.",
        action_url=CREDENTIALS_URL,
    ),
    ErrorRule(
        code=codes("API_KEY_INVALID", "keyInvalid", "keyExpired"),
        error=AuthInvalid,
        message="YouTube does not accept this API key.",
        action="Copy the key again.",
        action_url=CREDENTIALS_URL,
    ),
    ErrorRule(
        code=codes(
            *("API_KEY_SERVICE_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED"),
            *("API_KEY_HTTP_REFERRER_BLOCKED", "ipRefererBlocked"),
        ),
        error=PermissionMissing,
        message="The API key is restricted, and this use is not among what it allows.",
        action="Let it use the YouTube Data API, from this server's address.",
        action_url=CREDENTIALS_URL,
    ),
    ErrorRule(
        code="quotaExceeded",
        error=QuotaExhausted,
        message="Today's YouTube quota of the Cloud project is used up.",
        action="Wait: it returns at midnight, Pacific time.",
        action_url=QUOTA_URL,
    ),
    ErrorRule(
        code="SERVICE_DISABLED",
        text="analytics api",
        error=PermissionMissing,
        message="The Cloud project has not switched on the YouTube Analytics API.",
        action="Enable it there, wait a few minutes, then test again.",
        action_url=f"{google.CONSOLE_URL}/apis/library/youtubeanalytics.googleapis.com",
    ),
    *google_errors.rules("YouTube", "the YouTube Data API", "youtube.googleapis.com"),
    ErrorRule(
        code="insufficientPermissions",
        error=PermissionMissing,
        message="The sign-in lacks one of the two permissions for YouTube.",
        action="Sign in again and tick both boxes.",
    ),
    ErrorRule(
        code=codes("accountDelegationForbidden", "channelForbidden"),
        error=PermissionMissing,
        message="This sign-in may not act for the channel.",
        action="Sign in as the channel's owner and choose the channel there.",
    ),
    ErrorRule(
        code="forbidden",
        error=PermissionMissing,
        message="This sign-in may not see the channel's statistics.",
        action="Sign in as the channel's owner and choose the channel there.",
    ),
    ErrorRule(
        code=codes("channelNotFound", "notFound"),
        error=AccountNotFound,
        message="YouTube knows no such channel.",
        action="Copy the channel ID again.",
        action_url=CHANNEL_URL,
    ),
)


def retry_after(reply: Reply) -> float | None:
    """Every quota of YouTube that is exceeded returns with the next day in California."""
    if google_errors.reason_of(reply) == "quotaExceeded":
        return google_errors.seconds_to_midnight()
    return google_errors.retry_after(reply)


PROVIDER = Provider(
    slug="youtube",
    name="YouTube",
    used_by=("Channel performance",),
    docs_url="https://developers.google.com/youtube/v3",
    setup_url=google.CONSOLE_URL,
    hosts={
        "API": "https://youtube.googleapis.com",
        "ANALYTICS": "https://youtubeanalytics.googleapis.com",
        **google.HOSTS,
    },
    methods=(
        API_KEY,
        google.REFRESH_TOKEN,
        google.by_sign_in("Sign in as the channel's owner, and choose the channel there."),
    ),
    oauth=OAUTH,
    fields=(
        access_token(
            label="API key",
            help="Cloud console → APIs & Services → Credentials → Create credentials → API key. "
            "Restrict it to the YouTube Data API.",
            help_url=google.CONSOLE_URL,
            pattern=google.NOT_A_CLIENT_ID,
            pattern_message="This is a client ID or holds a space. Paste the API key.",
            usual_pattern=r"AIza[0-9A-Za-z_\-]{35}",
            usual_message="An API key usually starts with AIza and has 39 characters.",
            example="AIzaabcdefghijklmnopqrstuvwxyz012345678",
            methods=(API_KEY.slug,),
        ),
        *google.client_fields(),
        account_id(
            label="Channel ID",
            help="youtube.com/account_advanced → Channel ID. "
            "It starts with UC; the @name is something else.",
            help_url=CHANNEL_URL,
            required_by=(API_KEY.slug,),
            pattern=r"UC[0-9A-Za-z_\-]{22}",
            pattern_message="A channel ID starts with UC and has 24 characters. "
            "The @name and the user ID are something else.",
            example="UCabcdefghijklmnopqrstuv",
            normalize=channel_alone,
        ),
        base_url(),
    ),
    tester=YouTubeTester,
    errors=ERRORS,
    error_code_at=google_errors.CODE_AT,
    error_subcode_at=google_errors.STATUS_AT,
    error_text_at=google_errors.TEXT_AT,
    retry_after=retry_after,
    cost=Cost(
        calls=4, note="One unit of the project's 10,000 a day, and one report of YouTube Analytics."
    ),
)
