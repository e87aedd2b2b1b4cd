"""The Vietnamese lunar calendar, computed from the sky for the meridian of UTC+7.

Positions after J. Meeus, *Astronomical Algorithms* (2nd ed.): new moons ch. 49, the sun ch. 25.
A month begins on the day of the new moon; the month of the winter solstice is the eleventh; of
thirteen months between two solstices, the first without a major solar term is the leap month.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import lru_cache

_ZONE = 7 / 24
_SYNODIC = 29.530588861
_FIRST_NEW_MOON = 2451550.09766
_MEAN_YEAR = 365.2425
_JD_OF_ORDINAL = 1721424.5
_SOLSTICE_MONTH = 11
_MONTHS = 12

# Meeus table 49.A, new moon: coefficient in days, power of E, multiples of M, M', F, Omega.
_NEW_MOON_TERMS = (
    (-0.40720, 0, 0, 1, 0, 0),
    (0.17241, 1, 1, 0, 0, 0),
    (0.01608, 0, 0, 2, 0, 0),
    (0.01039, 0, 0, 0, 2, 0),
    (0.00739, 1, -1, 1, 0, 0),
    (-0.00514, 1, 1, 1, 0, 0),
    (0.00208, 2, 2, 0, 0, 0),
    (-0.00111, 0, 0, 1, -2, 0),
    (-0.00057, 0, 0, 1, 2, 0),
    (0.00056, 1, 1, 2, 0, 0),
    (-0.00042, 0, 0, 3, 0, 0),
    (0.00042, 1, 1, 0, 2, 0),
    (0.00038, 1, 1, 0, -2, 0),
    (-0.00024, 1, -1, 2, 0, 0),
    (-0.00017, 0, 0, 0, 0, 1),
)


def solar_date(lunar_year: int, month: int, day: int) -> date:
    """Return the solar date of a day of an ordinary (not leap) lunar month."""
    starts = _months_between_solstices(lunar_year - 1, lunar_year)
    if month >= _SOLSTICE_MONTH:
        starts = _months_between_solstices(lunar_year, lunar_year + 1)
    return starts[month] + timedelta(days=day - 1)


@lru_cache(maxsize=256)
def _months_between_solstices(first: int, last: int) -> dict[int, date]:
    """Return the starts of the ordinary months 11, 12, 1 … 10 from one solstice to the next."""
    lunation = _lunation_of_solstice(first)
    end = _lunation_of_solstice(last)
    leap = _leap_lunation(lunation, end) if end - lunation > _MONTHS else None
    starts: dict[int, date] = {}
    number = _SOLSTICE_MONTH
    for k in range(lunation, end):
        if k == leap:
            continue
        starts[number] = _new_moon_day(k)
        number = number % _MONTHS + 1
    return starts


def _lunation_of_solstice(year: int) -> int:
    """Return the lunation whose month holds the winter solstice of a solar year."""
    solstice = date(year, 12, 18)
    while _sun_at_midnight(solstice + timedelta(days=1)) < 3 * math.pi / 2:
        solstice += timedelta(days=1)
    k = round((_julian(solstice) - _FIRST_NEW_MOON) / _SYNODIC) + 1
    while _new_moon_day(k) > solstice:
        k -= 1
    return k


def _leap_lunation(first: int, end: int) -> int | None:
    """Return the first lunation in which the sun enters no new sign of 30°."""
    for k in range(first + 1, end):
        if _sign(_new_moon_day(k)) == _sign(_new_moon_day(k + 1)):
            return k
    return None


def _sign(day: date) -> int:
    return int(_sun_at_midnight(day) / (math.pi / 6))


def _julian(day: date) -> float:
    """Return the Julian date of the local midnight that begins a day."""
    return day.toordinal() + _JD_OF_ORDINAL - _ZONE


def _delta_t(year: float) -> float:
    """Return dynamical minus universal time in days (Espenak and Meeus, 2005-2050)."""
    t = year - 2000
    return (62.92 + 0.32217 * t + 0.005589 * t * t) / 86400


@lru_cache(maxsize=1024)
def _sun_at_midnight(day: date) -> float:
    """Return the sun's apparent longitude in radians, 0 to 2π."""
    t = (_julian(day) + _delta_t(day.year) - 2451545.0) / 36525
    mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    anomaly = math.radians(357.52911 + 35999.05029 * t - 0.0001537 * t * t)
    centre = (1.914602 - 0.004817 * t) * math.sin(anomaly)
    centre += (0.019993 - 0.000101 * t) * math.sin(2 * anomaly) + 0.000289 * math.sin(3 * anomaly)
    node = math.radians(125.04 - 1934.136 * t)
    apparent = mean + centre - 0.00569 - 0.00478 * math.sin(node)
    return math.radians(apparent) % (2 * math.pi)


@lru_cache(maxsize=1024)
def _new_moon_day(k: int) -> date:
    """Return the local day of the k-th new moon since January 2000."""
    t = k / 1236.85
    mean = _FIRST_NEW_MOON + _SYNODIC * k + 0.00015437 * t * t
    instant = mean + _new_moon_correction(k, t)
    year = 2000 + k * _SYNODIC / _MEAN_YEAR
    local = instant - _delta_t(year) + _ZONE
    return date.fromordinal(math.floor(local - _JD_OF_ORDINAL))


def _new_moon_correction(k: int, t: float) -> float:
    sun = 2.5534 + 29.10535670 * k - 0.0000014 * t * t
    moon = 201.5643 + 385.81693528 * k + 0.0107582 * t * t
    latitude = 160.7108 + 390.67050284 * k - 0.0016118 * t * t
    node = 124.7746 - 1.56375588 * k + 0.0020672 * t * t
    eccentricity = 1 - 0.002516 * t - 0.0000074 * t * t
    total = 0.0
    for size, power, m, mp, f, om in _NEW_MOON_TERMS:
        angle = math.radians(m * sun + mp * moon + f * latitude + om * node)
        total += size * eccentricity**power * math.sin(angle)
    return total
