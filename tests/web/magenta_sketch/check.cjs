// check.cjs MODEL.gen.json OURS.json TOLERANCE: loads the model with the real @magenta/sketch, reads the strokes of
// OURS.json (next_point_distributions.cpp) and compares the distribution of the next point at every step. Differences
// are absolute for probabilities and correlations, relative for standard deviations, and for means in units of theirs
// or 1. Node finds the package by NODE_PATH.
"use strict";
const fs = require("fs");
const { SketchRNN } = require("@magenta/sketch");

const [modelPath, oursPath, toleranceText] = process.argv.slice(2);
const [info, dims, weights] = JSON.parse(fs.readFileSync(modelPath, "utf8"));
const ours = JSON.parse(fs.readFileSync(oursPath, "utf8"));
const tolerance = Number(toleranceText);

const model = new SketchRNN(modelPath);
model.instantiateFromJSON(info, dims, weights);
model.setPixelFactor(1); // strokes in data units

let worst = { difference: -1 };
function compare(name, step, theirs, mine, scale) {
  for (let i = 0; i < mine.length; ++i) {
    const difference = Math.abs(theirs[i] - mine[i]) / scale(mine[i]);
    if (!(difference <= worst.difference)) worst = { difference, name, step, i, theirs: theirs[i], ours: mine[i] };
  }
}

let state = model.zeroState();
state = model.update(model.zeroInput(), state);
for (let step = 0; step < ours.steps.length; ++step) {
  if (step > 0) state = model.update(ours.strokes[step - 1], state);
  ours.temperatures.forEach((temperature, t) => {
    // Left to itself the package softens pen and pi by 0.5 + 0.5 * temperature instead.
    const theirs = model.getPDF(state, temperature, temperature);
    const mine = ours.steps[step][t];
    compare("pen", step, theirs.pen, mine.pen, () => 1);
    compare("pi", step, theirs.pi, mine.pi, () => 1);
    compare("mu_x", step, theirs.muX, mine.mu_x, (v) => Math.max(1, Math.abs(v)));
    compare("mu_y", step, theirs.muY, mine.mu_y, (v) => Math.max(1, Math.abs(v)));
    compare("sigma_x", step, theirs.sigmaX, mine.sigma_x, Math.abs);
    compare("sigma_y", step, theirs.sigmaY, mine.sigma_y, Math.abs);
    compare("rho", step, theirs.corr, mine.rho, () => 1);
  });
}
const isNear = worst.difference <= tolerance; // false for NaN
console.log(
  `${modelPath}: ${ours.steps.length} steps, worst difference ${worst.difference.toExponential(1)} (allowed ${tolerance}) in ` +
    `${worst.name}[${worst.i}] at step ${worst.step}: theirs ${worst.theirs}, ours ${worst.ours}  ${isNear ? "ok" : "DIFFERS"}`
);
process.exit(isNear ? 0 : 1);
