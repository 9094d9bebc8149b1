namespace CtSeg.TrainingJob.Reports;

/// <summary>Colours and layout of the report, for light and dark screens and for paper.</summary>
internal static class ReportStyle
{
    // The classes' colours are those of every mask: Okabe and Ito's palette.
    public const string Css = """

        :root { --page:#f6f7f9; --card:#fff; --ink:#1b1f24; --soft:#5b6570; --line:#d9dee4; --good:#0a6b4b; --good-back:#e3f4ec; --bad:#9c2f1d; --bad-back:#fbe9e5; --plain-back:#e9edf2; --a:#0072b2; --b:#d55e00; --c:#8a6d00; --d:#a0478a; }
        @media (prefers-color-scheme: dark) { :root { --page:#14171b; --card:#1d2126; --ink:#e6e9ed; --soft:#a0a9b4; --line:#353c45; --good:#6fd3a8; --good-back:#173229; --bad:#f2a08f; --bad-back:#3b211c; --plain-back:#272d35; --a:#56b4e9; --b:#f08c4a; --c:#e0c04a; --d:#dd8fc4; } }
        * { box-sizing:border-box; }
        body { margin:0; background:var(--page); color:var(--ink); font:15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
        main { max-width:1120px; margin:0 auto; padding:24px 20px 48px; }
        header { border-radius:10px; padding:20px 24px; background:var(--plain-back); border-left:6px solid var(--soft); }
        header.good { background:var(--good-back); border-color:var(--good); }
        header.bad { background:var(--bad-back); border-color:var(--bad); }
        h1 { margin:0; font-size:26px; line-height:1.25; overflow-wrap:anywhere; }
        h2 { margin:0 0 12px; font-size:18px; }
        h3 { margin:0 0 8px; font-size:14px; font-weight:600; }
        .kicker { margin:0 0 4px; color:var(--soft); font-size:13px; }
        .reason { margin:8px 0 0; font-size:16px; max-width:80ch; overflow-wrap:anywhere; }
        section { background:var(--card); border:1px solid var(--line); border-radius:10px; padding:18px 24px; margin-top:18px; }
        .note { color:var(--soft); margin:8px 0 0; max-width:90ch; }
        .facts { display:grid; grid-template-columns:repeat(auto-fill, minmax(300px, 1fr)); gap:8px 24px; margin:0; }
        .facts dt { color:var(--soft); font-size:12.5px; }
        .facts dd { margin:0; overflow-wrap:anywhere; }
        .timeline { list-style:none; display:flex; flex-wrap:wrap; gap:6px 22px; margin:14px 0 0; padding:12px 0 0; border-top:1px solid var(--line); font-size:13px; }
        .timeline span { font-weight:600; }
        .timeline time { color:var(--soft); }
        .scroll { overflow-x:auto; }
        table { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; }
        th, td { text-align:right; padding:6px 10px; border-bottom:1px solid var(--line); white-space:nowrap; }
        th:first-child, td:first-child { text-align:left; padding-left:0; }
        th { color:var(--soft); font-weight:600; font-size:12.5px; vertical-align:bottom; }
        tr:last-child td { border-bottom:0; }
        tr.overall td { font-weight:600; }
        td small { color:var(--soft); font-weight:400; }
        td.words, th.words { text-align:left; white-space:normal; }
        .good-text { color:var(--good); font-weight:600; }
        .bad-text { color:var(--bad); font-weight:600; }
        .soft { color:var(--soft); }
        .charts { display:grid; grid-template-columns:repeat(auto-fit, minmax(420px, 1fr)); gap:18px; }
        figure { margin:0; }
        svg { display:block; width:100%; height:auto; }
        svg text { fill:var(--soft); font-size:12px; }
        .grid { stroke:var(--line); stroke-width:1; }
        .axis { stroke:var(--soft); stroke-width:1; }
        .line { fill:none; stroke-width:2; stroke-linejoin:round; stroke-linecap:round; }
        .key { display:inline-flex; align-items:center; gap:6px; margin-right:16px; font-size:13px; }
        .key i { width:12px; height:12px; border-radius:3px; display:inline-block; }
        .key i.thin { height:3px; }
        .case { padding-top:14px; margin-top:14px; border-top:1px solid var(--line); break-inside:avoid; }
        .case:first-of-type { border-top:0; }
        .pictures { display:grid; grid-template-columns:repeat(4, 1fr); gap:10px; }
        .pictures figcaption { font-size:12.5px; color:var(--soft); margin-top:4px; }
        .pictures svg { border-radius:6px; background:#000; }
        @media (max-width:760px) { .pictures { grid-template-columns:repeat(2, 1fr); } .charts { grid-template-columns:1fr; } }
        details { margin-top:10px; }
        summary { cursor:pointer; color:var(--soft); }
        .ids { font-family:ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size:12.5px; overflow-wrap:anywhere; margin:6px 0 0; }
        footer { color:var(--soft); font-size:13px; margin-top:18px; }
        @media print { body { background:#fff; } section { break-inside:auto; } }

        """;
}
