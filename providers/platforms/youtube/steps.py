"""How a connection to YouTube is tested: with a key, or as the owner of a channel."""

from datetime import UTC, datetime, timedelta
from typing import Any

from providers.declare import Account, Answer, Passed, Skipped, Warned, dig, step
from providers.errors import AccountNotFound, ProviderError, UnexpectedReply
from providers.families.google.facts import scope
from providers.families.google.steps import GoogleTester
from providers.platforms.youtube.errors import CHANNEL_URL, NO_CHANNEL

API_KEY = "api_key"
PARTS = "id,snippet,statistics,contentDetails,status"
METRICS = "views,estimatedMinutesWatched,averageViewDuration,subscribersGained,subscribersLost"


class YouTubeTester(GoogleTester):
    needs = (
        scope(
            "youtube.readonly",
            *("youtube", "youtube.force-ssl", "youtubepartner"),
            gives="the channel and its public numbers",
            stops="The channel cannot be read.",
        ),
        scope(
            "yt-analytics.readonly",
            "yt-analytics-monetary.readonly",
            gives="views and watch time by day",
            stops="Views and watch time by day stop working.",
        ),
    )
    channels: list[dict[str, Any]] | None = None

    @step("Key or sign-in works")
    def sign_in_works(self) -> Passed:
        """With a key, the call that the third step looks at is the proof."""
        if self.method == API_KEY:
            self._find_channels()
            return Passed("YouTube accepts this API key.")
        return Passed(self.sign_in())

    @step("Permissions")
    def permissions_are_granted(self) -> Answer:
        """No call of its own."""
        if self.method == API_KEY:
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
        if self.method == API_KEY:
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
        if self.method == API_KEY:
            return None
        self.sign_in()
        return [
            Account(channel["id"], dig(channel, "snippet.title") or "")
            for channel in self._find_channels()
        ]

    def _find_channels(self) -> list[dict[str, Any]]:
        if self.channels is None:
            is_key = self.method == API_KEY
            whose = {"id": self.values["account_id"]} if is_key else {"mine": "true"}
            found = self.api.get("/youtube/v3/channels", part=PARTS, **whose)
            self.channels = found.get("items", [])
        return self.channels

    def _no_channel(self, others: list[dict[str, Any]]) -> ProviderError:
        if self.method == API_KEY:
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
        return NO_CHANNEL.meant()
