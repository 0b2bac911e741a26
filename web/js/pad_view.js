// Where the paper's square of 1000 units lies on the screen: at home in the free part of its element, until the user
// zooms. It moves only when the user, or the size of the element, asks for it; never under a hand that draws.

const SIDE = 1000;
const [SMALLEST, LARGEST] = [0.3, 10];   // of the scale at home

export class PadView {
  scale = 1;
  left = 0;
  top = 0;
  isHome = true;
  #home = {scale: 1, left: 0, top: 0};

  // `insets` are the sides of the element that something lies over, in pixels.
  resize(width, height, insets) {
    const free = [width - insets.left - insets.right, height - insets.top - insets.bottom];
    const scale = Math.max(0.01, Math.min(...free) / SIDE);
    const home = {scale, left: insets.left + (free[0] - SIDE * scale) / 2, top: insets.top + (free[1] - SIDE * scale) / 2};
    if (this.isHome) Object.assign(this, home);
    else {
      // The same place stays in the middle of the free part.
      const ratio = home.scale / this.#home.scale;
      const [x, y] = [(this.#home.left + 500 * this.#home.scale - this.left) / this.scale, (this.#home.top + 500 * this.#home.scale - this.top) / this.scale];
      this.scale *= ratio;
      this.left = home.left + 500 * home.scale - x * this.scale;
      this.top = home.top + 500 * home.scale - y * this.scale;
    }
    this.#home = home;
  }

  goHome() {
    Object.assign(this, this.#home);
    this.isHome = true;
  }

  // Brings a box of the paper into view, with a margin.
  show(box) {
    const [width, height] = [box.width + 80, box.height + 80];
    const free = SIDE * this.#home.scale;
    this.scale = Math.min(this.#home.scale, free / Math.max(width, height));
    this.left = this.#home.left + free / 2 - this.scale * (box.x + box.width / 2);
    this.top = this.#home.top + free / 2 - this.scale * (box.y + box.height / 2);
    this.isHome = false;
  }

  // Around a place on the screen, which stays where it is but for the shift.
  zoom(x, y, factor, [dx, dy] = [0, 0]) {
    const scale = Math.min(LARGEST * this.#home.scale, Math.max(SMALLEST * this.#home.scale, this.scale * factor));
    const real = scale / this.scale;
    this.left = x - (x - this.left) * real + dx;
    this.top = y - (y - this.top) * real + dy;
    this.scale = scale;
    this.isHome = false;
  }

  toPaper(x, y) { return [(x - this.left) / this.scale, (y - this.top) / this.scale]; }
}
