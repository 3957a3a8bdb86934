
// Draws the tokens around a place: a click on the first and one on the last, or a drag from one to the other, selects a
// span; so do Enter or the space bar on two of them, between which the arrow keys move. Text is never read as markup.

const states = new WeakMap() // the element -> what it shows and what a person did to it

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".strip")
  const state = states.get(host) ?? begin(host)
  const again = state.data && state.data.first === data.first && state.data.tokens.length === data.tokens.length
  Object.assign(state, { data, anchor: null, select: (start, stop) => setTriggerValue("span", [start, stop]) })
  const box = host.querySelector(".tokens")
  const focus = again && box.getRootNode().activeElement?.dataset?.k
  box.className = data.words ? "tokens words" : "tokens"
  box.setAttribute("aria-label", data.alt)
  const row = data.rows[data.colour]
  legend(host.querySelector(".legend"), row)
  box.replaceChildren(...data.tokens.map((token, k) => {
    const one = made("span", inside(data.marked, k) ? "marked" : "", token === " " ? token : drawn(token)) // lines break there
    if (token === "\n") one.append(document.createElement("wbr"))
    one.dataset.k = k
    one.tabIndex = -1
    one.setAttribute("role", "option")
    one.setAttribute("aria-selected", inside(data.selected, k))
    one.style.background = behind(row, data.values[data.colour][k])
    return one
  }))
  const start = focus ? Number(focus) : Math.max(0, (data.selected ?? data.marked ?? [0])[0])
  const first = box.children[Math.min(start, data.tokens.length - 1)]
  if (first) first.tabIndex = 0
  if (focus) first?.focus()
  for (const button of host.querySelectorAll("[data-do]")) {
    const place = data[button.dataset.do]
    button.disabled = place === null
    button.onclick = () => setTriggerValue("go", place)
  }
  host.querySelector(".now").textContent = ""
  hint(host, state)
}

const inside = (span, k) => Boolean(span) && span[0] <= k && k < span[1]

function begin(host) {
  const state = { anchor: null }
  states.set(host, state)
  const box = host.querySelector(".tokens")
  const at = event => { const k = event.target.dataset?.k; return k === undefined ? null : Number(k) }
  const look = k => {
    const { first, tokens, rows, values } = state.data
    say(host, rows, first + k, tokens[k], values.map(row => row[k]))
    if (state.anchor !== null) meant(host, state, k)
  }
  box.onpointerdown = event => {
    const k = at(event)
    if (k === null || event.button) return
    if (state.anchor === null) Object.assign(state, { anchor: k, fresh: true })
    else state.fresh = false
    meant(host, state, k)
  }
  box.onpointerup = event => {
    const k = at(event)
    if (k === null || state.anchor === null) return
    if (state.fresh && k === state.anchor) state.fresh = false // the first of two clicks
    else finish(host, state, k)
    hint(host, state)
  }
  box.onpointerover = event => {
    const k = at(event)
    if (k !== null) look(k)
  }
  box.onkeydown = event => {
    const k = at(event)
    if (k === null) return
    const last = box.childElementCount - 1
    const to = { ArrowRight: k + 1, ArrowLeft: k - 1, ArrowDown: below(box, k, 1), ArrowUp: below(box, k, -1), Home: 0, End: last }
    if (event.key in to) {
      const next = Math.min(Math.max(to[event.key], 0), last)
      focusOn(box, box.children[next])
      look(next)
    } else if (event.key === "Enter" || event.key === " ") {
      if (state.anchor === null) {
        state.anchor = k
        meant(host, state, k)
      } else finish(host, state, k)
    } else if (event.key === "Escape") {
      state.anchor = null
      meant(host, state, null)
    } else return
    hint(host, state)
    event.preventDefault()
  }
  return state
}

// The token that stands a line below (above) another, nearest to it.
function below(box, k, step) {
  const from = box.children[k].getBoundingClientRect()
  let best = k, distance = Infinity, line = null
  for (let n = k + step; box.children[n]; n += step) {
    const to = box.children[n].getBoundingClientRect()
    if (Math.abs(to.top - from.top) < from.height / 2) continue
    line ??= to.top
    if (Math.abs(to.top - line) > from.height / 2) break
    const far = Math.abs(to.left - from.left)
    if (far < distance) [best, distance] = [n, far]
  }
  return best
}

function finish(host, state, k) {
  const { data } = state, start = Math.min(state.anchor, k), stop = Math.max(state.anchor, k) + 1
  state.anchor = null
  meant(host, state, null)
  state.select(data.first + start, data.first + stop)
}

// Show what would be selected if this token were the last.
function meant(host, state, k) {
  const span = k === null || state.anchor === null ? null : [Math.min(state.anchor, k), Math.max(state.anchor, k) + 1]
  host.querySelectorAll(".tokens span").forEach((one, n) => one.classList.toggle("meant", inside(span, n)))
}

function hint(host, state) {
  const { data, anchor } = state, noun = data.words ? "word" : "letter"
  host.querySelector(".hint").textContent = anchor === null
    ? `Click the first and the last ${noun} of a span to ask about it, or draw from one to the other.`
    : `From ${named(data.tokens[anchor])}: now click the last ${noun}, the same one again for it alone. Escape ends it.`
}
