// Shows each time on a page, which the server writes in UTC, in the reader's own time zone.

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");

for (const place of document.querySelectorAll("time")) {
  const when = new Date(place.dateTime);
  if (Number.isNaN(when.getTime())) continue;
  const day = [when.getFullYear(), two(when.getMonth() + 1), two(when.getDate())].join("-");
  const hour = [two(when.getHours()), two(when.getMinutes()), two(when.getSeconds())].join(":");
  place.title = place.textContent ?? "";
  place.textContent = `${day} ${hour}`;
}
