// The studio's page in a real browser; run.sh starts this with the models to serve in STUDIO_SERVED, one a line.
import "./drawing.mjs";
import "./paper.mjs";
import "./first_seconds.mjs";
import "./files.mjs";
import "./tabs.mjs";
import "./latent.mjs";
import "./training.mjs";
import "./serving.mjs";
import "./look.mjs";
