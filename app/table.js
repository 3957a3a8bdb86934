// Draws the rows that table.py tells: sorted by a column's head, one of them chosen by mouse or keys, a long table in
// parts. Text is never read as markup.

const PART = 200 // rows drawn at once
const WHOLE = 20 // rows that are shown without a scroller of their own
const BY_WORD = new Intl.Collator("en", { numeric: true })
const states = new WeakMap() // a table's element -> what it shows and what a person did to it

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".table")
  const state = states.get(host) ?? begin(host)
  const rows = JSON.stringify([data.columns, data.rows, data.ids])
  const other = rows !== state.told
  Object.assign(state, { data, told: rows, send: id => setTriggerValue("choose", id) })
  const table = host.querySelector("table")
  table.setAttribute("aria-label", data.alt)
  if (data.ids) table.setAttribute("role", "grid")
  if (other) {
    state.drawn = PART
    state.formats = data.columns.map(formatOf)
    if (!data.columns.some(column => column.name === state.by?.name)) state.by = null
    host.querySelector(".scroller").classList.toggle("whole", data.rows.length <= WHOLE)
    heads(host, state)
  }
  const fill = () => {
    if (other) order(host, state)
    if (other || state.data.chosen !== state.chosen) {
      state.chosen = state.data.chosen
      mark(host, state)
      bringIntoView(host, state)
    }
  }
  // A long table, which begins below the first screen, lets what is above it be drawn first.
  if (other && state.order === undefined && data.rows.length > WHOLE) later(fill)
  else if (state.order !== undefined || other) fill()
}

const later = work => (window.requestIdleCallback ? requestIdleCallback(work, { timeout: 1000 }) : setTimeout(work, 100))

function begin(host) {
  const state = { by: null, chosen: undefined }
  states.set(host, state)
  const body = host.querySelector("tbody")
  body.onclick = event => choose(host, state, event.target.closest("tr"))
  body.onkeydown = event => {
    const row = event.target.closest("tr")
    const to = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling,
                 Home: body.firstElementChild, End: body.lastElementChild }
    if (event.key === "Enter" || event.key === " ") choose(host, state, row)
    else if (event.key in to) step(body, to[event.key])
    else return
    event.preventDefault()
  }
  host.querySelector(".more").onclick = () => {
    const first = host.querySelector("tbody").childElementCount
    state.drawn += PART
    draw(host, state)
    if (state.data.ids) body.children[first].focus() // the button may be gone
  }
  host.querySelector(".scroller").onscroll = () => tell(host, null)
  return state
}

const made = (name, className, text = "") =>
  Object.assign(document.createElement(name), { className, textContent: text })

// Heads -----------------------------------------------------------------------------------------------------------

function heads(host, state) {
  const all = state.data.columns.map((column, k) => {
    const head = made("th", atRight(column) ? "right" : ""), button = made("button", "")
    head.scope = "col"
    const parts = [made("span", "name", column.name), made("span", "arrow")]
    button.append(...(atRight(column) ? parts.reverse() : parts))
    button.onclick = () => sortBy(host, state, column)
    head.append(button)
    if (column.help) {
      const help = Object.assign(made("span", "help", column.help), { id: `help-${k}`, hidden: true })
      head.classList.add("told")
      head.append(help)
      button.setAttribute("aria-describedby", help.id)
      button.onmouseenter = button.onfocus = () => tell(host, head)
      button.onmouseleave = button.onblur = () => tell(host, null)
    }
    return head
  })
  host.querySelector("thead tr").replaceChildren(...all)
}

// What a column means, below its head and inside the table's width; null hides it.
function tell(host, head) {
  const tip = host.querySelector(".tip")
  tip.hidden = !head
  if (!head) return
  tip.textContent = head.querySelector(".help").textContent
  const whole = host.getBoundingClientRect(), box = head.getBoundingClientRect()
  tip.style.top = `${box.bottom - whole.top + 4}px`
  tip.style.left = `${Math.max(0, Math.min(box.left - whole.left, whole.width - tip.offsetWidth))}px`
}

function sortBy(host, state, { name }) {
  state.by = { name, down: state.by?.name === name && !state.by.down }
  order(host, state)
  mark(host, state)
}

// Rows ------------------------------------------------------------------------------------------------------------

// The rows' numbers in the order they are shown: as they came, or by a column; equal ones as they came, missing last.
function order(host, state) {
  const { columns, rows } = state.data, { by } = state
  const at = by ? columns.findIndex(column => column.name === by.name) : -1
  state.order = rows.map((_, k) => k)
  if (by) {
    const { kind } = columns[at]
    const compare = kind === "text" ? BY_WORD.compare
      : kind === "histogram" ? (a, b) => centre(a) - centre(b) : (a, b) => a - b || 0 // two infinities: NaN
    state.order.sort((one, other) => {
      const a = rows[one][at], b = rows[other][at]
      if (a === null || b === null) return (a === null) - (b === null)
      return by.down ? compare(b, a) : compare(a, b)
    })
  }
  host.querySelectorAll("th").forEach((head, k) => {
    if (k === at) head.setAttribute("aria-sort", by.down ? "descending" : "ascending")
    else head.removeAttribute("aria-sort")
    head.querySelector(".arrow").textContent = k === at ? (by.down ? "▼" : "▲") : ""
  })
  host.querySelector("tbody").replaceChildren()
  draw(host, state)
}

// Append the rows that are due and not there yet, and say how many are left.
function draw(host, state) {
  const body = host.querySelector("tbody"), more = host.querySelector(".more")
  const due = state.order.slice(body.childElementCount, state.drawn)
  body.append(...due.map(number => line(state, number)))
  const left = state.order.length - body.childElementCount
  more.hidden = left === 0
  const count = state.order.length.toLocaleString("en")
  more.textContent = `Show ${Math.min(left, PART)} more: ${body.childElementCount.toLocaleString("en")} of ${count} rows`
}

function line(state, number) {
  const row = document.createElement("tr")
  row.dataset.row = number
  if (state.data.ids) {
    row.tabIndex = -1
    row.setAttribute("aria-selected", false) // the chosen one is always drawn: `mark` says which it is
  }
  row.append(...state.data.rows[number].map((value, k) => cell(state.data.columns[k], value, state.formats[k])))
  return row
}

function cell(column, value, format) {
  const box = made("td", atRight(column) ? "right" : "")
  if (value === null) box.append(made("span", "missing", "—"))
  else if (column.kind === "text") {
    const words = made("span", "words", value)
    words.style.maxWidth = `${column.width}ch`
    box.append(words)
  } else if (column.kind === "histogram") box.append(bars(column, value, format))
  else box.textContent = format(value)
  if (column.kind === "share" && value !== null) {
    box.classList.add("share")
    box.style.setProperty("--share", `${100 * Math.min(Math.max(value, 0), 1)}%`)
  }
  return box
}

// Shares of bins as bars from the bottom of a box 2 units wide a bin, the largest 20 high; a line stands at zero.
function bars({ ends: [low, high] }, shares, format) {
  const most = Math.max(...shares) || 1, wide = 2 * shares.length
  const box = svg("svg", { class: "bars", viewBox: `0 0 ${wide} 20`, preserveAspectRatio: "none", role: "img" })
  const [from, to] = middle(shares).map(part => format(low + part * (high - low)))
  box.setAttribute("aria-label", `mostly between ${from} and ${to}`)
  box.append(svg("title", {}, `mostly between ${from} and ${to}`))
  if (low < 0 && high > 0) {
    const zero = (wide * -low) / (high - low)
    box.append(svg("path", { class: "zero", d: `M${zero} 0V20` }))
  }
  const path = shares.map((share, k) => (share ? `M${2 * k} 20v${-Math.max((20 * share) / most, 0.5)}h2V20z` : "")).join("")
  box.append(svg("path", { class: "bar", d: path }))
  return box
}

function svg(name, attributes, text = "") {
  const part = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value)
  part.textContent = text
  return part
}

// Where the middle nine tenths of the values begin and end, as parts of the way from the first bin to the last.
function middle(shares) {
  const all = shares.reduce((sum, share) => sum + share, 0)
  let sum = 0
  const until = shares.map(share => (sum += share))
  const first = until.findIndex(part => part > 0.05 * all), last = until.findIndex(part => part >= 0.95 * all - 1e-9)
  return [Math.max(first, 0) / shares.length, (last + 1) / shares.length]
}

// The bin around which the values lie, by which histograms are sorted.
function centre(shares) {
  const all = shares.reduce((sum, share) => sum + share, 0)
  return all ? shares.reduce((sum, share, k) => sum + k * share, 0) / all : -1
}

const atRight = column => !["text", "histogram"].includes(column.kind) || column.end

function formatOf({ kind, digits }) {
  const written = new Intl.NumberFormat("en", {
    minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" })
  const part = kind === "percent" || kind === "share"
  return value => (part ? `${written.format(100 * value)}%` : written.format(value))
}

// The chosen row --------------------------------------------------------------------------------------------------

function choose(host, state, row) {
  const { ids } = state.data
  if (!ids || !row || ids[row.dataset.row] === state.chosen) return
  state.chosen = ids[row.dataset.row]
  mark(host, state)
  state.send(state.chosen)
}

// Mark the chosen row, drawn where it was not yet; it, or else the first one, is where the Tab key comes to.
function mark(host, state) {
  const { ids } = state.data, body = host.querySelector("tbody")
  if (!ids) return
  const place = state.order.findIndex(number => ids[number] === state.chosen)
  while (state.drawn <= place) state.drawn += PART
  draw(host, state)
  for (const row of body.children) {
    row.setAttribute("aria-selected", ids[row.dataset.row] === state.chosen)
    row.tabIndex = -1
  }
  const first = body.children[Math.max(place, 0)]
  if (first) first.tabIndex = 0
}

function step(body, row) {
  if (!row) return
  for (const other of body.children) other.tabIndex = -1
  row.tabIndex = 0
  row.focus()
}

// Scrolls the table alone: the page stays where a person reads.
function bringIntoView(host, state) {
  const row = host.querySelector("tr[aria-selected=true]"), box = host.querySelector(".scroller")
  if (!row) return
  const top = row.offsetTop - host.querySelector("thead").offsetHeight - box.scrollTop
  const bottom = row.offsetTop + row.offsetHeight - box.scrollTop
  if (top < 0 || bottom > box.clientHeight) box.scrollTop = row.offsetTop - box.clientHeight / 2
}
