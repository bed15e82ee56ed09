"""Mutes: for how long nobody is told, of a connection or of an incident."""

HOUR, DAY = 3600, 86400
LENGTHS = {
    HOUR: "for an hour",
    4 * HOUR: "for 4 hours",
    8 * HOUR: "for 8 hours",
    DAY: "for a day",
    3 * DAY: "for 3 days",
    7 * DAY: "for a week",
    30 * DAY: "for 30 days",
}
