
// Draws matches one below the other, a cell a token, so that all begin in one column; the cells' colours are those of
// one row of values, all are told of the cell under the mouse or the cursor. Text is never read as markup.

const SEEN = 220 // pixels of a match, at least
const states = new WeakMap() // the element -> what it shows

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".matches")
  const state = states.get(host) ?? begin(host)
  const told = String(data.lines.map(line => line.first)), again = state.told === told
  Object.assign(state, { data, told, go: place => setTriggerValue("go", place) })
  const row = data.rows[data.colour], table = host.querySelector("table"), scroller = host.querySelector(".scroller")
  table.className = data.words ? "words" : ""
  table.setAttribute("aria-label", data.alt)
  legend(host.querySelector(".legend"), row)
  const [before, after] = host.querySelectorAll("thead th:not(.side)")
  before.colSpan = data.before
  after.colSpan = data.width - data.before
  const body = host.querySelector("tbody")
  const focus = again ? [...body.children].indexOf(body.getRootNode().activeElement) : -1
  body.replaceChildren(...data.lines.map((line, number) => drawnLine(data, row, line, number)))
  const chosen = Math.max(data.lines.findIndex(line => line.place === data.chosen), 0)
  const first = body.children[focus >= 0 ? focus : chosen]
  if (first) first.tabIndex = 0
  if (focus >= 0) first?.focus()
  host.querySelector(".now").textContent = ""
  if (!again) fromTheMatch(scroller)
}

// From the top, and where there is no room, as far to the right as it takes to see how the matches begin.
function fromTheMatch(scroller) {
  scroller.scrollTo(0, 0)
  const cell = scroller.querySelector("td.first"), side = scroller.querySelector("tbody th.side")
  if (!cell) return
  const room = scroller.clientWidth - cell.offsetLeft
  if (room < SEEN) scroller.scrollLeft = Math.min(SEEN - room, cell.offsetLeft - side.offsetWidth)
}

function drawnLine(data, row, line, number) {
  const one = made("tr", number ? "" : "own"), side = made("th", "side"), facts = made("div", "")
  const counts = [line.shared, number ? line.others : "—", line.place.toLocaleString("en")]
  one.dataset.row = number
  one.tabIndex = -1
  one.setAttribute("aria-selected", line.place === data.chosen)
  facts.append(...counts.map(text => made("span", "", text)))
  side.scope = "row"
  side.append(facts)
  one.append(side)
  for (let column = 0; column < data.width; column++) {
    const k = column - line.skip, token = line.tokens[k], cell = made("td", "")
    if (token !== undefined) {
      const text = made("span", "", drawn(token)), inRun = k >= line.start && k < line.stop
      text.style.background = behind(row, line.values[data.colour][k])
      cell.dataset.k = k
      if (data.words && token.length > 10) cell.title = token
      if (inRun) cell.className = `run${k === line.start ? " first" : ""}${k === line.stop - 1 && !line.cut ? " end" : ""}`
      cell.append(text)
    }
    one.append(cell)
  }
  return one
}

function begin(host) {
  const state = {}
  states.set(host, state)
  const body = host.querySelector("tbody")
  const row = event => event.target.closest("tr")
  body.onclick = event => choose(state, row(event))
  body.onmouseover = event => {
    const cell = event.target.closest("td[data-k]")
    if (cell) tell(host, state, row(event).dataset.row, Number(cell.dataset.k))
  }
  body.onkeydown = event => {
    const one = row(event), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const to = { ArrowDown: one.nextElementSibling, ArrowUp: one.previousElementSibling,
                 Home: body.firstElementChild, End: body.lastElementChild }
    if (event.key === "Enter" || event.key === " ") choose(state, one)
    else if (step) beside(host, state, one, step)
    else if (!(event.key in to)) return
    else if (to[event.key]) focusOn(body, to[event.key])
    event.preventDefault()
  }
  return state
}

function choose(state, row) {
  if (row) state.go(state.data.lines[row.dataset.row].place)
}

// Move the cursor of a row to the next cell, at first to where its match begins, and tell that cell's values.
function beside(host, state, row, step) {
  const line = state.data.lines[row.dataset.row], here = row.querySelector("td.at")
  const k = here ? Number(here.dataset.k) + step : line.start, next = row.querySelector(`td[data-k="${k}"]`)
  if (!next) return
  host.querySelectorAll("td.at").forEach(cell => cell.classList.remove("at"))
  next.classList.add("at")
  next.scrollIntoView({ block: "nearest", inline: "nearest" })
  tell(host, state, row.dataset.row, k)
}

function tell(host, { data }, number, k) {
  const line = data.lines[number]
  say(host, data.rows, line.first + k, line.tokens[k], line.values.map(row => row[k]))
}
