// Draws the words of a map as dots on a canvas: zoom, pan, hover, a click on a dot, a lasso around some. What a person
// did stays when a group is marked, other groups are cut or a filter is set; another map begins anew. Text is never
// read as markup.

const NEAR = 9 // pixels from the mouse to the dot that it is over
const SLACK = 4 // pixels that a click may move
const AROUND = 6 // words told on each side of the one under the mouse
const DEEPEST = 200 // times larger than the whole map
const EDGE = 16 // pixels around the whole map
const states = new WeakMap() // the element -> what it shows and what a person did to it

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const host = parentElement.querySelector(".dots")
  const state = states.get(host) ?? begin(host)
  const other = state.data?.of !== data.of
  Object.assign(state, {
    data,
    choose: group => setTriggerValue("choose", group),
    tell: () => setStateValue("lasso", state.inside ? { of: data.of, bits: packed(state.inside) } : null),
  })
  read(state)
  if (other) {
    Object.assign(state, { zoom: 1, centre: null, path: null, over: -1, inside: null })
    if (data.lasso) state.inside = unpacked(data.lasso, state.groups.length)
  }
  const canvas = host.querySelector("canvas")
  canvas.setAttribute("aria-label", `${data.alt}. The arrow keys move it, plus and minus zoom, 0 shows all.`)
  canvas.parentElement.style.height = `${data.height}px`
  state.observer.observe(host)
  redraw(host, state)
  return () => state.observer.disconnect()
}

function begin(host) {
  const state = { tool: "move", sprites: new Map(), fingers: new Map(), decoded: {}, width: 0 }
  states.set(host, state)
  const canvas = host.querySelector("canvas"), button = name => host.querySelector(`[data-do=${name}]`)
  state.observer = new ResizeObserver(() => redraw(host, state))
  host.ontransitionend = event => { if (event.target === host) redraw(host, state) } // the theme has changed
  canvas.onpointerdown = event => press(host, state, event)
  canvas.onpointermove = event => move(host, state, event)
  canvas.onpointerup = event => release(host, state, event)
  canvas.onpointercancel = event => { state.fingers.delete(event.pointerId); state.drag = null; redraw(host, state) }
  canvas.onpointerleave = () => { if (!state.drag) over(host, state, -1) }
  canvas.ondblclick = () => whole(host, state)
  canvas.addEventListener("wheel", event => {
    const active = canvas.getRootNode().activeElement === canvas // else the wheel is for the page
    if (!active && !event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    zoom(host, state, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), at(canvas, event))
  }, { passive: false })
  canvas.onkeydown = event => {
    const pan = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key]
    if (pan) shift(host, state, ...pan)
    else if (event.key === "+" || event.key === "=") zoom(host, state, 1.5)
    else if (event.key === "-") zoom(host, state, 1 / 1.5)
    else if (event.key === "0") whole(host, state)
    else if (event.key === "Escape") clear(host, state)
    else return
    event.preventDefault()
  }
  for (const tool of ["move", "lasso"])
    button(tool).onclick = () => { state.tool = tool; redraw(host, state) }
  button("in").onclick = () => zoom(host, state, 1.5)
  button("out").onclick = () => zoom(host, state, 1 / 1.5)
  button("all").onclick = () => whole(host, state)
  button("clear").onclick = () => clear(host, state)
  button("keep").onclick = () => canvas.toBlob(blob => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "word-map.png" })
    link.click()
    URL.revokeObjectURL(link.href)
  })
  return state
}

// What is told, as arrays -------------------------------------------------------------------------------------------

function read(state) {
  const { data, decoded } = state
  for (const [name, kind] of [["grid", Uint16Array], ["words", Uint32Array], ["groups", Uint16Array]]) {
    if (decoded[name] !== data[name]) {
      decoded[name] = data[name]
      state[name] = new kind(Uint8Array.from(atob(data[name]), letter => letter.charCodeAt(0)).buffer)
    }
  }
  const { grid } = state, shown = data.shown && new Set(data.shown)
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity]
  for (let k = 0; k < grid.length; k += 2) {
    left = Math.min(left, grid[k]); right = Math.max(right, grid[k])
    low = Math.min(low, grid[k + 1]); high = Math.max(high, grid[k + 1])
  }
  state.box = { left, right, low, high }
  state.visible = group => !shown || shown.has(group)
}

const packed = inside => {
  const bytes = new Uint8Array(Math.ceil(inside.length / 8))
  inside.forEach((one, k) => { if (one) bytes[k >> 3] |= 1 << (k & 7) })
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))
}

const unpacked = (bits, count) => {
  const bytes = atob(bits)
  return Uint8Array.from({ length: count }, (_, k) => (bytes.charCodeAt(k >> 3) >> (k & 7)) & 1)
}

// Where things are --------------------------------------------------------------------------------------------------

// Pixels a step of the grid, and the step in the middle of the picture.
function view(state) {
  const { box, width, data } = state
  const across = Math.max(box.right - box.left, 1), up = Math.max(box.high - box.low, 1)
  const scale = state.zoom * Math.min((width - 2 * EDGE) / across, (data.height - 2 * EDGE) / up)
  const [x, y] = (state.centre ??= [(box.left + box.right) / 2, (box.low + box.high) / 2])
  return { scale, x: value => width / 2 + (value - x) * scale, y: value => data.height / 2 - (value - y) * scale,
           back: ([left, top]) => [x + (left - width / 2) / scale, y - (top - data.height / 2) / scale] }
}

function at(canvas, event) {
  const box = canvas.getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}

// The visible dot nearest to a pixel, -1 where none is near.
function nearest(state, [left, top]) {
  const place = view(state), { grid, groups } = state
  let best = NEAR ** 2, found = -1
  for (let k = 0; k < groups.length; k++) {
    const off = (place.x(grid[2 * k]) - left) ** 2 + (place.y(grid[2 * k + 1]) - top) ** 2
    if (off <= best && state.visible(groups[k])) [best, found] = [off, k]
  }
  return found
}

function zoom(host, state, factor, pixel = [state.width / 2, state.data.height / 2]) {
  const fixed = view(state).back(pixel)
  state.zoom = Math.min(Math.max(state.zoom * factor, 1), DEEPEST)
  const moved = view(state).back(pixel)
  settle(state, fixed[0] - moved[0], fixed[1] - moved[1])
  redraw(host, state)
}

function shift(host, state, right, down) {
  const { scale } = view(state)
  settle(state, -right / scale, down / scale)
  redraw(host, state)
}

// Move the middle; it stays on the map, and in its middle while all is shown.
function settle(state, x, y) {
  const { box } = state, held = (value, low, high) => Math.min(Math.max(value, low), high)
  state.centre = state.zoom === 1 ? null
    : [held(state.centre[0] + x, box.left, box.right), held(state.centre[1] + y, box.low, box.high)]
}

function whole(host, state) {
  Object.assign(state, { zoom: 1, centre: null })
  redraw(host, state)
}

// Mouse and fingers -------------------------------------------------------------------------------------------------

function press(host, state, event) {
  if (event.pointerType === "mouse" && event.button !== 0) return
  const canvas = event.currentTarget, pixel = at(canvas, event)
  canvas.focus({ preventScroll: true })
  canvas.setPointerCapture(event.pointerId)
  state.fingers.set(event.pointerId, pixel)
  const lasso = state.tool === "lasso" || event.shiftKey
  state.drag = state.fingers.size > 1 ? { pinch: true } : { from: pixel, last: pixel, lasso, moved: false }
  if (lasso && !state.drag.pinch) state.drag.path = [view(state).back(pixel)]
}

function move(host, state, event) {
  const { drag } = state, pixel = at(event.currentTarget, event)
  if (!drag) return over(host, state, nearest(state, pixel))
  if (drag.pinch) return pinch(host, state, event.pointerId, pixel)
  drag.moved ||= Math.hypot(pixel[0] - drag.from[0], pixel[1] - drag.from[1]) > SLACK
  if (!drag.moved) return
  state.over = -1
  if (drag.lasso) {
    if (Math.hypot(pixel[0] - drag.last[0], pixel[1] - drag.last[1]) < 3) return
    drag.path.push(view(state).back(pixel))
    redraw(host, state)
  } else shift(host, state, pixel[0] - drag.last[0], pixel[1] - drag.last[1])
  drag.last = pixel
}

function pinch(host, state, finger, pixel) {
  const [one, two] = state.fingers.values(), before = [one, two].map(([x, y]) => [x, y])
  state.fingers.set(finger, pixel)
  const after = [...state.fingers.values()]
  if (after.length < 2) return
  const apart = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1
  zoom(host, state, apart(after) / apart(before), after[0].map((value, k) => (value + after[1][k]) / 2))
}

function release(host, state, event) {
  const { drag } = state
  state.fingers.delete(event.pointerId)
  state.drag = null
  if (!drag || drag.pinch) return
  if (drag.moved && drag.lasso) return enclose(host, state, drag.path)
  if (drag.moved) return redraw(host, state)
  const dot = nearest(state, drag.from)
  if (dot >= 0) state.choose(state.groups[dot])
}

// Take the visible dots inside a path.
function enclose(host, state, path) {
  const { grid, groups } = state, inside = new Uint8Array(groups.length)
  for (let k = 0; path.length > 2 && k < groups.length; k++)
    if (state.visible(groups[k]) && within(path, grid[2 * k], grid[2 * k + 1])) inside[k] = 1
  const some = inside.includes(1)
  Object.assign(state, { inside: some ? inside : null, path: some ? path : null })
  state.tell()
  redraw(host, state)
}

// Whether a ray from a point crosses a closed path an odd number of times.
function within(path, x, y) {
  let odd = false
  for (let k = 0, last = path.length - 1; k < path.length; last = k++) {
    const [ax, ay] = path[k], [bx, by] = path[last]
    if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) odd = !odd
  }
  return odd
}

function clear(host, state) {
  const had = state.inside
  Object.assign(state, { inside: null, path: null, drag: null })
  if (had) state.tell()
  redraw(host, state)
}

// Drawing -----------------------------------------------------------------------------------------------------------

function redraw(host, state) {
  if (state.due) return
  state.due = requestAnimationFrame(() => {
    state.due = 0
    draw(host, state)
  })
}

function draw(host, state) {
  const canvas = host.querySelector("canvas"), { data } = state
  const width = (state.width = canvas.parentElement.clientWidth), dense = window.devicePixelRatio || 1
  if (!width) return // not in sight: drawn once it has a size
  canvas.width = width * dense
  canvas.height = data.height * dense
  const pen = canvas.getContext("2d"), style = getComputedStyle(host)
  pen.scale(dense, dense)
  const ink = style.color, paper = style.getPropertyValue("--st-background-color") || "#fff"
  pen.fillStyle = paper
  pen.fillRect(0, 0, width, data.height)
  const place = view(state)
  dots(pen, state, place, ink, dense)
  names(pen, state, place, ink, paper, style.fontFamily)
  outline(pen, state.drag?.path ?? state.path, place, ink)
  tools(host, state)
  note(host, state, place)
}

function dots(pen, state, place, ink, dense) {
  const { data, grid, groups, inside } = state, { chosen } = data
  const radius = Math.min((groups.length > 6000 ? 1.7 : groups.length > 1500 ? 2.3 : 3.2) * state.zoom ** 0.3, 6)
  const layers = [[], [], [], []] // faint, plain, marked, inside the lasso: each over the one before
  for (let k = 0; k < groups.length; k++) {
    const x = place.x(grid[2 * k]), y = place.y(grid[2 * k + 1])
    if (x < -9 || y < -9 || x > state.width + 9 || y > data.height + 9) continue
    const seen = state.visible(groups[k]), dot = [x, y, colourOf(data, groups[k])]
    layers[!seen || (chosen !== null && groups[k] !== chosen) ? 0 : chosen === null ? 1 : 2].push(dot)
    if (inside?.[k]) layers[3].push(dot)
  }
  const put = (all, size, alpha, ring) => {
    pen.globalAlpha = alpha
    for (const [x, y, colour] of all) {
      const made = sprite(state, alpha < 0.5 ? data.faint : colour, size, ring, dense)
      pen.drawImage(made, x - made.half, y - made.half, 2 * made.half, 2 * made.half)
    }
    pen.globalAlpha = 1
  }
  put(layers[0], radius, 0.3)
  put(layers[1], radius, 0.85)
  put(layers[2], radius + 1.2, 1)
  put(layers[3], radius + 0.8, 1, ink)
}

const colourOf = ({ colours, faint, central }, group) =>
  central && group === 0 ? faint : colours[group % colours.length]

// A dot, drawn once for each colour and size and then copied.
function sprite(state, colour, radius, ring, dense) {
  const key = `${colour} ${radius} ${ring} ${dense}`
  if (state.sprites.size > 400) state.sprites.clear()
  if (!state.sprites.has(key)) {
    const made = document.createElement("canvas"), half = Math.ceil(radius + 2), pen = made.getContext("2d")
    made.width = made.height = 2 * half * dense
    made.half = half
    pen.scale(dense, dense)
    pen.beginPath()
    pen.arc(half, half, radius, 0, 2 * Math.PI)
    pen.fillStyle = colour
    pen.fill()
    if (ring) Object.assign(pen, { strokeStyle: ring, lineWidth: 1.2 }).stroke()
    state.sprites.set(key, made)
  }
  return state.sprites.get(key)
}

// The commonest words of the largest groups, where they find room.
function names(pen, state, place, ink, paper, font) {
  const { data } = state, taken = []
  Object.assign(pen, { textAlign: "center", lineJoin: "round", lineWidth: 4, strokeStyle: paper, fillStyle: ink })
  pen.font = `600 12px ${font}`
  const told = data.names.filter(name => (data.chosen === null ? state.visible(name.group) : name.group === data.chosen))
  for (const { text, x, y } of told) {
    const left = place.x(x), top = place.y(y) - 8, half = pen.measureText(text).width / 2 + 4
    const box = [left - half, top - 13, left + half, top + 4]
    if (left < 0 || top < 0 || left > state.width || top > data.height) continue
    if (taken.some(other => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue
    taken.push(box)
    const middle = Math.min(Math.max(left, half), state.width - half)
    pen.strokeText(text, middle, Math.max(top, 12))
    pen.fillText(text, middle, Math.max(top, 12))
  }
}

function outline(pen, path, place, ink) {
  if (!path) return
  pen.beginPath()
  path.forEach(([x, y], k) => pen[k ? "lineTo" : "moveTo"](place.x(x), place.y(y)))
  pen.closePath()
  Object.assign(pen, { strokeStyle: ink, lineWidth: 1.5 }).setLineDash([5, 4])
  pen.stroke()
  pen.setLineDash([])
}

function tools(host, state) {
  const button = name => host.querySelector(`[data-do=${name}]`)
  for (const tool of ["move", "lasso"]) button(tool).setAttribute("aria-pressed", String(state.tool === tool))
  const count = state.inside ? state.inside.reduce((sum, one) => sum + one, 0) : 0
  button("all").hidden = state.zoom === 1
  button("clear").hidden = !count
  host.querySelector(".count").textContent = count ? `${count.toLocaleString("en")} dots in the lasso` : ""
  host.querySelector("canvas").style.cursor =
    state.tool === "lasso" ? "crosshair" : state.drag?.moved ? "grabbing" : state.over >= 0 ? "pointer" : "grab"
}

// Telling a word ----------------------------------------------------------------------------------------------------

function over(host, state, dot) {
  if (dot === state.over) return
  state.over = dot
  tools(host, state)
  note(host, state, view(state))
}

// The word under the mouse with its neighbours in the text.
function note(host, state, place) {
  const box = host.querySelector(".told"), { data, grid, words, groups } = state, dot = state.over
  box.hidden = !(dot >= 0 && dot < groups.length)
  if (box.hidden) return
  const part = (from, to) => Array.from(words.subarray(Math.max(from, 0), to), word => data.types[word]).join(" ")
  const made = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text })
  const line = made("div", "line", "")
  line.append(`${part(dot - AROUND, dot)} `, made("b", "", data.types[words[dot]]), ` ${part(dot + 1, dot + 1 + AROUND)}`)
  const where = `group ${groups[dot]}, word ${(data.first + dot).toLocaleString("en")} of the text`
  box.replaceChildren(line, made("div", "where", where))
  const x = place.x(grid[2 * dot]), y = place.y(grid[2 * dot + 1])
  const left = x + 14 + box.offsetWidth > state.width ? x - 14 - box.offsetWidth : x + 14
  box.style.left = `${Math.max(left, 0)}px`
  box.style.top = `${y + 14 + box.offsetHeight > data.height ? Math.max(y - 14 - box.offsetHeight, 0) : y + 14}px`
}
