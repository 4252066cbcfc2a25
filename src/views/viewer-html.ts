export interface ViewerPage {
  /** Where the view may take styles and fonts from. */
  cspSource: string;
  /** Of this one page; the script tag that carries it is the only script that runs. */
  nonce: string;
  scriptUri: string;
  styleUri: string;
  /** One of our own words; nothing of a file or a model stands in the page's source. */
  title?: "Trajectory" | "Trajectories" | "Training run" | "Retrieval";
}

/**
 * The view's page. Everything drawn in it comes later and as text; nothing is fetched, no inline script or style runs.
 * What stands in the page is shown while the script has not started, the second sentence after a while; without the styles, at once.
 */
export function viewerHtml({ cspSource, nonce, scriptUri, styleUri, title = "Trajectory" }: ViewerPage): string {
  const policy = `default-src 'none'; style-src ${cspSource}; font-src ${cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${styleUri}">
</head>
<body>
<div id="viewer"><main>
<h1 class="starting">Searchlight is starting.</h1>
<p class="not-started">This page has not started. Run “Developer: Reload Webviews” from the Command Palette; if it stays away, “Searchlight: Show Status Report” tells why.</p>
</main></div>
<script nonce="${nonce}" src="${scriptUri}"></script>
</body>
</html>
`;
}
