// What strip.js and matches.js share: tokens as they are shown, and the rows of values that colour and explain them.

const made = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text })

const RED = "220,55,45", BLUE = "45,115,220"

// A token on the page, and in a sentence.
const drawn = token => (token === "\n" || token === "<eos>" ? "⏎" : token === " " ? "\u00a0" : token)
const named = token =>
  token === " " ? "blank" : token === "\n" ? "line break" : token === "<eos>" ? "end of a paragraph" : `“${token}”`

// The colour behind a token by its value in a row; none where it has no value.
function behind(row, value) {
  if (value === null || value === undefined) return ""
  if (row.kind === "kinds") return mixed(row.legend[row.groups[value]][1], 45)
  const [low, high] = row.ends, at = row.logarithmic ? Math.log10(Math.max(value, 1e-30)) : value
  return tint(row, Math.min(Math.max((at - low) / (high - low), 0), 1))
}

// The colour at a part of the way between a row's ends.
function tint(row, share) {
  if (row.kind === "count") return mixed("var(--st-primary-color)", 70 * share)
  return share >= 0.5 ? `rgba(${RED},${1.5 * (share - 0.5)})` : `rgba(${BLUE},${1.5 * (0.5 - share)})`
}

const mixed = (colour, share) => `color-mix(in srgb, ${colour} ${Math.round(share)}%, transparent)`

// What all rows say of a token: "7 of 14 neurons on · probability 0.412 · NN: noun".
function explained(rows, values) {
  const parts = rows.map((row, k) => {
    const value = values[k]
    if (value === null) return ""
    if (row.kind === "count") return `${value} of ${row.ends[1]} neurons on`
    return row.kind === "kinds" ? row.labels[value] : `${row.name} ${Number(value.toPrecision(3))}`
  })
  return parts.filter(Boolean).join(" · ")
}

// The legend of a row: a scale between two words, or a patch a kind.
function legend(box, row) {
  if (row.kind === "kinds") {
    box.replaceChildren(...row.legend.map(([name, colour]) => {
      const one = made("span", "kind"), patch = made("span", "patch")
      patch.style.background = mixed(colour, 45)
      one.append(patch, made("span", "", name))
      return one
    }))
    return
  }
  const scale = made("span", "scale"), steps = [0, 0.25, 0.5, 0.75, 1].map(share => tint(row, share))
  scale.style.background = `linear-gradient(90deg, ${steps.join(", ")})`
  box.replaceChildren(made("span", "", row.low), scale, made("span", "", row.high))
}

// Tell of the token at a place of the whole text what all rows say of it.
function say(host, rows, place, token, values) {
  host.querySelector(".now").textContent = `${place.toLocaleString("en")}: ${named(token)} · ${explained(rows, values)}`
}

// Make one child of a box the one that the Tab key comes to, and go there.
function focusOn(box, child) {
  for (const other of box.children) other.tabIndex = -1
  child.tabIndex = 0
  child.focus()
}
