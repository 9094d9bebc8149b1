using System.Globalization;
using CtSeg.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace CtSeg.Local.Demo;

/// <summary>Shows a run: a live table on a terminal, one line for every ended scan elsewhere.</summary>
internal sealed class DemoView(IAnsiConsole console)
{
    private static readonly string[] Classes = ["ground-glass-opacity", "consolidation", "pleural-effusion"];
    private static readonly string[] Titles = ["Slice", "State", "Time", "Ground glass", "Consolidation", "Effusion", "Model"];
    private bool _titled;

    public bool IsLive => console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal;

    /// <param name="run">Given what to call after every look at the states.</param>
    public async Task ShowAsync(IReadOnlyList<ScanProgress> scans, Func<Action, Task> run)
    {
        if (!IsLive)
        {
            await run(() => { });
            return;
        }
        await console.Live(TableOf(scans)).AutoClear(true).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom)
            .StartAsync(context => run(() =>
            {
                context.UpdateTarget(TableOf(MostTelling(scans)));
                context.Refresh();
            }));
        console.Write(TableOf(scans));
    }

    /// <summary>For a pipe: one line about an ended scan, columns parted by tabs; their titles before the first.</summary>
    public void ReportEnd(ScanProgress scan)
    {
        if (IsLive)
            return;
        var output = console.Profile.Out.Writer;
        if (!_titled)
            output.WriteLine(string.Join('\t', Titles));
        _titled = true;
        output.WriteLine(string.Join('\t', CellsOf(scan)));
    }

    /// <summary>Why scans failed and what to do, and which pictures do not look like what the model knows.</summary>
    public void ReportFailuresAndWarnings(IReadOnlyList<ScanProgress> scans)
    {
        var output = console.Profile.Out.Writer;
        foreach (var scan in scans)
        {
            if (scan.Ended?.Failure is { } failure)
                output.WriteLine($"{scan.Slice.Name}: {failure.Message} {failure.Action}");
            if (scan.Ended?.Result?.InputCheck is { Warning: { } warning } check)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scan.Slice.Name}: WARNING (score {check.Score:F2}) {warning}"));
        }
    }

    // What is under way first, then what ended last: the part of a long table that a terminal shows.
    private List<ScanProgress> MostTelling(IReadOnlyList<ScanProgress> scans)
    {
        var rows = Math.Max(5, console.Profile.Height - 6);
        if (scans.Count <= rows)
            return [.. scans];
        var shown = scans.Where(scan => scan.State is not null && scan.Ended is null).Take(rows)
            .Concat(scans.Where(scan => scan.Ended is not null).OrderByDescending(scan => scan.Ended!.LastChange)).Take(rows).ToHashSet();
        return [.. scans.Where(shown.Contains)];
    }

    private static Table TableOf(IReadOnlyList<ScanProgress> scans)
    {
        var table = new Table().Border(TableBorder.Simple);
        for (var column = 0; column < Titles.Length; column++)
        {
            table.AddColumn(new TableColumn(Titles[column])
            {
                // 80 columns must do.
                Padding = new Padding(0),
                NoWrap = column <= 1,
                Alignment = column is >= 2 and <= 5 ? Justify.Right : Justify.Left,
            });
        }
        foreach (var scan in scans)
            table.AddRow(CellsOf(scan).Select((cell, column) => (IRenderable)new Text(cell, column == 1 ? StyleOf(scan.State) : Style.Plain)));
        return table;
    }

    private static string[] CellsOf(ScanProgress scan) =>
    [
        scan.Slice.Name,
        scan.State?.ToString().ToLowerInvariant() ?? (scan.Started is null ? "waiting" : "uploaded"),
        scan.Elapsed is { } elapsed ? string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds:0.0} s") : string.Empty,
        .. Classes.Select(name => ShareOf(scan, name)),
        scan.Ended?.Result?.ModelVersion ?? scan.Ended?.Failure?.Reason.ToString() ?? string.Empty,
    ];

    private static string ShareOf(ScanProgress scan, string lesion) =>
        scan.Ended?.Result?.Lesions.FirstOrDefault(found => found.Class == lesion) is { } measured
            ? string.Create(CultureInfo.InvariantCulture, $"{measured.Share * 100:0.00} %")
            : string.Empty;

    private static Style StyleOf(ScanState? state) => state switch
    {
        ScanState.Completed => new Style(Color.Green),
        ScanState.Failed => new Style(Color.Red),
        null => new Style(Color.Grey),
        _ => new Style(Color.Yellow),
    };
}
