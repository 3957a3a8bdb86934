// A table of cells that are tinted by a share; hovering or the arrow keys tell more of a cell.
export default function ({ data, parentElement }) {
  const table = parentElement.querySelector("table"), now = parentElement.querySelector(".now")
  const made = (name, text = "", ...kinds) => {
    const part = document.createElement(name)
    part.textContent = text
    part.classList.add(...kinds.filter(Boolean))
    return part
  }
  const head = table.createTHead(), body = made("tbody"), cells = []
  table.setAttribute("aria-label", data.alt)
  head.replaceChildren(made("tr"))
  head.rows[0].append(made("th", data.corner), ...data.heads.map(name => made("th", name)))
  for (const group of data.groups) {
    if (group.title) {
      const title = made("th", group.title, "group")
      title.colSpan = data.heads.length + 1
      body.insertRow().append(title)
    }
    for (const row of group.rows) {
      const name = made("th", row.name, row.marked && "marked")
      name.scope = "row"
      cells.push(row.cells.map(cell => {
        const part = made("td", cell.text, cell.marked && "marked", data.numbers && "number", cell.wrong && "wrong")
        part.style.setProperty("--share", cell.share)
        if (cell.small) part.append(made("span", cell.small, "small"))
        part.tabIndex = -1
        part.told = cell.told
        return part
      }))
      body.insertRow().append(name, ...cells.at(-1))
    }
  }
  table.replaceChildren(head, body)
  if (cells[0]?.[0]) cells[0][0].tabIndex = 0
  now.textContent = ""
  table.onmouseover = event => {
    const cell = event.target.closest("td")
    if (cell) now.textContent = cell.told
  }
  table.onkeydown = event => {
    const y = cells.findIndex(row => row.includes(event.target)), x = cells[y]?.indexOf(event.target)
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    const next = step && y >= 0 && cells[y + step[0]]?.[x + step[1]]
    if (!next) return
    event.preventDefault()
    event.target.tabIndex = -1
    next.tabIndex = 0
    next.focus()
    now.textContent = next.told
  }
}
