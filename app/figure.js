// Draws what figure.py tells as SVG: scales, ticks, marks, level lines, a legend that hides and shows, a read-out of
// values by mouse, finger or arrow keys, a zoom along x, and the picture to keep.

const MARGIN = { top: 8, right: 12 }
const NEAR = 6 // pixels: values of several rows that stand this close are told together
const LINE = 16 // pixels from one line of small text to the next
const states = new WeakMap() // a figure's element -> what it shows and what a person did to it
const pen = document.createElement("canvas").getContext("2d")

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector(".figure")
  const state = states.get(host) ?? begin(host)
  state.data = data
  draw(host, state)
  return () => state.observer.disconnect()
}

function begin(host) {
  const state = { hidden: new Set(), zoom: null, at: null, drag: null, width: 0 }
  states.set(host, state)
  const svg = host.querySelector("svg")
  state.observer = new ResizeObserver(() => {
    if (svg.parentElement.clientWidth !== state.width) draw(host, state)
  })
  state.observer.observe(host)
  svg.onpointerdown = event => {
    if (event.pointerType === "mouse" && event.button === 0) state.drag = offset(svg, event)
    read(host, state, offset(svg, event))
  }
  svg.onmousedown = event => event.preventDefault() // no frame for a focus that only the keyboard needs
  svg.onpointermove = event => (state.drag === null ? read : select)(host, state, offset(svg, event))
  svg.onpointerleave = () => { state.drag = null; select(host, state, null); read(host, state, null) }
  svg.onpointerup = event => {
    const from = state.drag, to = offset(svg, event)
    state.drag = null
    select(host, state, null)
    if (from !== null && Math.abs(to - from) > 8) zoom(host, state, [from, to].map(state.place.value))
  }
  svg.ondblclick = () => zoom(host, state, null)
  svg.onkeydown = event => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step) move(host, state, step)
    else if (event.key === "+" && state.at !== null) narrow(host, state)
    else if (event.key === "Escape") zoom(host, state, null)
    else return
    event.preventDefault()
  }
  svg.onblur = () => read(host, state, null)
  host.querySelector(".all").onclick = () => zoom(host, state, null)
  host.querySelector(".keep").onclick = () => keep(host, state)
  return state
}

const offset = (svg, event) => event.clientX - svg.getBoundingClientRect().left

// Scales ----------------------------------------------------------------------------------------------------------

function scale([low, high], [from, to]) {
  const place = value => from + ((value - low) / (high - low)) * (to - from)
  place.value = pixel => low + ((pixel - from) / (to - from)) * (high - low)
  place.ends = [low, high]
  return place
}

// Whole multiples of 1, 2 or 5 times a power of ten, about `count` of them between the ends.
function ticks([low, high], count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw))
  const off = factor => Math.abs(Math.log((factor * power) / raw))
  const step = power * [1, 2, 5, 10].reduce((best, factor) => (off(factor) < off(best) ? factor : best))
  const first = Math.ceil(low / step - 1e-9)
  const found = []
  for (let k = first; k * step <= high + step * 1e-9; k++) found.push(k * step)
  return { step, found }
}

function tickText(axis, value, step) {
  const digits = Math.max(0, -Math.floor(Math.log10(axis.percent ? step * 100 : step) + 1e-9))
  return axis.percent ? `${(value * 100).toFixed(digits)}%` : value.toFixed(digits)
}

const told = (axis, value) =>
  axis.percent ? `${(value * 100).toFixed(axis.digits)}%` : value.toFixed(axis.digits)

// The ends of y while zoomed: of the values in sight; bars from zero.
function fitted(data, hidden, [low, high]) {
  const values = data.series.filter(series => !hidden.has(series.name)).flatMap(series => [
    ...[series.y, series.low ?? [], series.high ?? []].flatMap(row =>
      row.filter((value, k) => value !== null && series.x[k] >= low && series.x[k] <= high)),
    ...(series.mark === "bars" ? [0] : []),
  ])
  const least = Math.min(...values), most = Math.max(...values), edge = 0.06 * (most - least)
  return most > least ? [least && least - edge, most && most + edge] : data.y.ends
}

// Drawing -----------------------------------------------------------------------------------------------------------

function add(parent, name, attributes = {}, text = undefined) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  if (text !== undefined) made.textContent = text
  parent.append(made)
  return made
}

function draw(host, state) {
  const { data, hidden } = state, svg = host.querySelector("svg")
  const width = (state.width = svg.parentElement.clientWidth), height = data.height
  if (!width) return // not in sight: drawn once it has a size
  pen.font = `12px ${getComputedStyle(host).fontFamily}`
  const wide = text => pen.measureText(text).width
  const x_ends = state.zoom ?? data.x.ends
  const y_ends = state.zoom ? fitted(data, hidden, state.zoom) : data.y.ends
  const rows = ticks(y_ends, Math.max(2, Math.floor(height / 60)))
  const texts = rows.found.map(value => tickText(data.y, value, rows.step))
  const left = Math.max(...texts.map(wide)) + 30
  const names = labels(data.x, x_ends, width - left - MARGIN.right, wide)
  const bottom = (names.upright ? names.longest + 10 : 22) + (data.x.title ? 20 : 0)
  const box = { left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - bottom }
  const x = scale(x_ends, [box.left, box.right]), y = scale(y_ends, [box.bottom, box.top])
  Object.assign(state, { place: x, y, box })

  svg.replaceChildren()
  svg.setAttribute("width", width)
  svg.setAttribute("height", height)
  svg.setAttribute("aria-label", `${data.alt}. The arrow keys tell its values one by one.`)
  add(add(add(svg, "defs"), "clipPath", { id: "inside" }), "rect", {
    x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top,
  })
  rows.found.forEach((value, k) => {
    const zero = Math.abs(value) < rows.step / 1e6
    add(svg, "line", { class: zero ? "axis" : "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) })
    add(svg, "text", { class: "y tick", x: box.left - 6, y: y(value) + 4, "text-anchor": "end" }, texts[k])
  })
  const columns = names.shown ? { found: [], step: 1 } : ticks(x_ends, Math.max(2, Math.floor((width - left) / 90)))
  if (data.x.labels.length && !names.shown) columns.found = []
  columns.found.forEach(value => {
    add(svg, "line", { class: "grid", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom })
    const text = tickText(data.x, value, columns.step)
    add(svg, "text", { class: "x tick", x: x(value), y: box.bottom + 16, "text-anchor": "middle" }, text)
  })
  names.shown?.forEach(([text, value]) => {
    const turn = names.upright ? `rotate(-90 ${x(value)} ${box.bottom + 6})` : ""
    const where = names.upright ? { x: x(value), y: box.bottom + 10, transform: turn, "text-anchor": "end" }
      : { x: x(value), y: box.bottom + 16, "text-anchor": "middle" }
    add(svg, "text", { class: "x tick", ...where }, text)
  })
  add(svg, "text", { class: "title", x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle" }, data.x.title)
  const middle = (box.top + box.bottom) / 2
  add(svg, "text", { class: "title", x: 12, y: middle, transform: `rotate(-90 12 ${middle})`, "text-anchor": "middle" },
    data.y.title)

  const inside = add(svg, "g", { "clip-path": "url(#inside)" })
  for (const series of data.series) if (!hidden.has(series.name)) mark(inside, series, data, x, y)
  levels(svg, data, hidden, x, y, box, wide)
  add(svg, "g", { class: "hand" })
  add(svg, "rect", { class: "chosen", y: box.top, height: box.bottom - box.top, width: 0 })
  legend(host, state)
  host.querySelector(".all").hidden = !state.zoom
  const { at } = state, there = at !== null && at >= x_ends[0] && at <= x_ends[1]
  tell(host, state, there && (!data.x.labels.length || Math.round(at) in data.x.labels) ? at : null)
}

// The names at whole numbers that are in sight: level or upright, whichever finds room; none where neither does.
function labels(axis, [low, high], width, wide) {
  const shown = axis.labels.map((text, value) => [text, value]).filter(([, value]) => value >= low && value <= high)
  const slot = width / (high - low), longest = Math.max(0, ...shown.map(([text]) => wide(text)))
  const upright = longest + 2 > slot
  return shown.length && (!upright || slot >= 12) && longest < 120 ? { shown, upright, longest } : {}
}

function mark(parent, series, data, x, y) {
  const group = add(parent, "g", { class: series.mark.replace(" line", ""), "data-name": series.name })
  const points = series.x.map((value, k) => (series.y[k] === null ? null : [x(value), y(series.y[k])]))
  const exact = number => number.toFixed(2)
  if (series.mark === "bars") {
    const half = (x(data.barWidth) - x(0)) / 2, inner = half > 2.5 ? half * 0.9 : half, paths = {}
    points.forEach((point, k) => {
      if (!point || !series.y[k]) return
      const colour = series.colours[k] ?? series.colours[0]
      const [from, to] = [point[0] - inner, point[0] + inner].map(exact)
      paths[colour] = `${paths[colour] ?? ""}M${from} ${exact(y(0))}V${exact(point[1])}H${to}V${exact(y(0))}Z`
    })
    for (const [colour, d] of Object.entries(paths)) add(group, "path", { d, fill: colour })
    return
  }
  let d = "", open = false
  for (const point of series.mark === "points" ? [] : points) {
    d += point ? `${open ? "L" : "M"}${exact(point[0])} ${exact(point[1])}` : ""
    open = point !== null
  }
  points.forEach((point, k) => {
    const ends = [series.low?.[k] ?? null, series.high?.[k] ?? null]
    if (point && !ends.includes(null)) d += `M${exact(point[0])} ${exact(y(ends[0]))}V${exact(y(ends[1]))}`
  })
  add(group, "path", { d, stroke: series.colours[0] })
  if (series.mark === "dots" || series.mark === "points")
    for (const point of points) if (point) add(group, "circle", { cx: point[0], cy: point[1], r: 3.5, fill: series.colours[0] })
}

// Lines across with their labels, each label at the first of ten places where it covers no other and no row of
// values; where all of them do, at the first that covers no other label.
function levels(svg, data, hidden, x, y, box, wide) {
  const taken = []
  const points = data.series.filter(series => !hidden.has(series.name) && series.mark !== "bars")
    .flatMap(series => series.x.map((value, k) => [x(value), series.y[k] === null ? NaN : y(series.y[k])]))
  const free = place => !taken.some(other =>
    place.from < other.to && other.from < place.to && Math.abs(place.y - other.y) < LINE - 2)
  const clear = place => !points.some(([across, down]) =>
    across > place.from - 4 && across < place.to + 4 && down > place.y - LINE && down < place.y + 5)
  for (const level of [...data.levels].sort((a, b) => a.value - b.value)) {
    if (level.value < y.ends[0] || level.value > y.ends[1]) continue
    const at = y(level.value), length = wide(level.label)
    add(svg, "line", { class: `level ${level.dash}`, x1: box.left, x2: box.right, y1: at, y2: at })
    const room = box.right - box.left - length - 8
    const places = [1, 0, 0.75, 0.5, 0.25].flatMap(share => [at - 5, at + 13].map(down => {
      const from = box.left + 4 + share * room
      return { from, to: from + length, y: down }
    })).filter(place => place.y > box.top + 8 && place.y < box.bottom - 2)
    const place = places.find(place => free(place) && clear(place)) ?? places.find(free) ?? places[0]
    taken.push(place)
    add(svg, "text", { class: "label", x: place.from, y: place.y }, level.label)
  }
}

function legend(host, state) {
  const { data, hidden } = state
  const items = (data.legend ? data.series : []).map(series => {
    const item = document.createElement("button"), swatch = document.createElement("span")
    const colours = [...new Set(series.colours)], share = 100 / colours.length
    const stops = colours.map((colour, k) => `${colour} ${k * share}% ${(k + 1) * share}%`)
    swatch.className = `swatch ${series.mark.replace(" line", "")}`
    swatch.style.background = `linear-gradient(90deg, ${stops.join(", ")})`
    item.append(swatch, series.name)
    item.setAttribute("aria-pressed", String(!hidden.has(series.name)))
    item.title = hidden.has(series.name) ? "Show it again" : "Hide it"
    item.onclick = () => {
      if (!hidden.delete(series.name)) hidden.add(series.name)
      draw(host, state)
      host.querySelectorAll(".legend button")[items.indexOf(item)].focus()
    }
    return item
  })
  host.querySelector(".legend").replaceChildren(...items)
}

// Reading values ------------------------------------------------------------------------------------------------------

// Place and value of the point of a row that is nearest to a value of x, of those in sight.
function nearest(series, x, value) {
  let low = 0, high = series.x.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (series.x[middle] < value) low = middle + 1
    else high = middle
  }
  const seen = k => k >= 0 && k < series.x.length && series.y[k] !== null &&
    series.x[k] >= x.ends[0] && series.x[k] <= x.ends[1]
  const found = [low - 1, low].filter(seen).sort((a, b) => Math.abs(series.x[a] - value) - Math.abs(series.x[b] - value))
  return found.length ? { series, k: found[0], x: series.x[found[0]], y: series.y[found[0]] } : null
}

const visible = state => state.data.series.filter(series => !state.hidden.has(series.name))

// Tell the values nearest to a pixel (null: none).
function read(host, state, pixel) {
  if (!state.place) return
  const inside = pixel !== null && pixel >= state.box.left - NEAR && pixel <= state.box.right + NEAR
  const near = inside ? visible(state).map(series => nearest(series, state.place, state.place.value(pixel))) : []
  const apart = point => Math.abs(state.place(point.x) - pixel)
  const first = near.filter(Boolean).sort((a, b) => apart(a) - apart(b))[0]
  tell(host, state, first ? first.x : null)
}

// Whether values at two places of x are told together: those of one label, else those that stand close.
const together = (data, x, one, other) =>
  data.x.labels.length ? Math.round(one) === Math.round(other) : Math.abs(x(one) - x(other)) <= NEAR

// Tell the values at a place of x.
function tell(host, state, at) {
  const { data, place: x, y, box } = state, hand = host.querySelector(".hand"), note = host.querySelector(".told")
  state.at = at
  hand.replaceChildren()
  note.hidden = at === null
  if (at === null) return
  const points = visible(state).map(series => nearest(series, x, at))
    .filter(point => point && together(data, x, point.x, at))
  const head = document.createElement("div")
  head.textContent = data.x.labels.length ? data.x.labels[Math.round(at)] : `${data.x.reading} ${told(data.x, at)}`.trim()
  note.replaceChildren(head, ...points.map(point => {
    const row = document.createElement("div"), swatch = document.createElement("span"), value = document.createElement("b")
    swatch.className = "swatch"
    swatch.style.background = point.series.colours[point.k] ?? point.series.colours[0]
    value.textContent = told(data.y, point.y)
    const ends = [point.series.low, point.series.high].map(row => row?.[point.k] ?? null)
    const interval = ends.includes(null) ? "" : ` (${ends.map(end => told(data.y, end)).join(" to ")})`
    row.append(swatch, `${point.series.name}: `, value, interval)
    return row
  }))
  add(hand, "line", { x1: x(at), x2: x(at), y1: box.top, y2: box.bottom })
  for (const point of points) {
    if (point.y < y.ends[0] || point.y > y.ends[1] || point.series.mark === "bars") continue
    add(hand, "circle", { cx: x(point.x), cy: y(point.y), r: 5, stroke: point.series.colours[0] })
  }
  const room = note.parentElement.clientWidth - note.offsetWidth
  const wanted = x(at) > (box.left + box.right) / 2 ? x(at) - note.offsetWidth - 12 : x(at) + 12
  note.style.left = `${Math.max(0, Math.min(wanted, room))}px`
}

function move(host, state, step) {
  const told = visible(state).flatMap(series => series.x.filter((value, k) => series.y[k] !== null))
  const places = [...new Set(state.data.x.labels.length ? told.map(Math.round) : told)]
    .filter(value => value >= state.place.ends[0] && value <= state.place.ends[1]).sort((a, b) => a - b)
  if (!places.length) return
  const now = places.indexOf(state.data.x.labels.length && state.at !== null ? Math.round(state.at) : state.at)
  const next = now < 0 ? (step > 0 ? 0 : places.length - 1) : Math.max(0, Math.min(now + step, places.length - 1))
  tell(host, state, places[next])
}

// Zoom ----------------------------------------------------------------------------------------------------------------

function select(host, state, pixel) {
  const from = state.drag ?? pixel, chosen = host.querySelector(".chosen")
  chosen?.setAttribute("x", Math.min(from, pixel))
  chosen?.setAttribute("width", pixel === null ? 0 : Math.abs(pixel - from))
}

function zoom(host, state, ends) {
  const [low, high] = state.data.x.ends
  state.zoom = ends && [Math.max(low, Math.min(...ends)), Math.min(high, Math.max(...ends))]
  draw(host, state)
}

function narrow(host, state) {
  const [low, high] = state.place.ends, at = state.at
  zoom(host, state, [at - (high - low) / 4, at + (high - low) / 4])
  tell(host, state, at)
}

// The picture to keep ---------------------------------------------------------------------------------------------

// A copy of the drawing with its colours written into it, its legend above and the page's colour behind it.
function picture(host, state) {
  const svg = host.querySelector("svg"), copy = svg.cloneNode(true), { data, hidden, width } = state
  const originals = [svg, ...svg.querySelectorAll("*")], copies = [copy, ...copy.querySelectorAll("*")]
  originals.forEach((element, k) => {
    const style = getComputedStyle(element)
    for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "paint-order"])
      copies[k].style[name] = style[name]
  })
  const shown = data.legend ? data.series.filter(series => !hidden.has(series.name)) : []
  const top = shown.length * LINE + 8, height = data.height + top, ink = getComputedStyle(host)
  const page = add(copy, "rect", { x: 0, y: -top, width, height, fill: ink.backgroundColor })
  copy.prepend(page)
  shown.forEach((series, k) => {
    add(copy, "rect", { x: 12, y: (k + 1) * LINE - top - 8, width: 14, height: 6, fill: series.colours.at(-1) })
    add(copy, "text", { x: 32, y: (k + 1) * LINE - top - 1, fill: ink.color, "font-size": 12 }, series.name)
  })
  for (const [key, value] of Object.entries({ height, viewBox: `0 ${-top} ${width} ${height}`, "font-family": "sans-serif" }))
    copy.setAttribute(key, value)
  return { text: new XMLSerializer().serializeToString(copy), width, height }
}

function keep(host, state) {
  const { text, width, height } = picture(host, state), image = new Image()
  image.onload = () => {
    const canvas = document.createElement("canvas")
    canvas.width = width * 2
    canvas.height = height * 2
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    const link = document.createElement("a")
    link.download = `${state.data.alt.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 60)}.png`
    link.href = canvas.toDataURL("image/png")
    link.click()
  }
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
}
