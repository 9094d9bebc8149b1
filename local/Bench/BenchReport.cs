using System.Globalization;
using System.Text.Json;
using CtSeg.Processes;
using Spectre.Console;

namespace CtSeg.Local.Bench;

/// <summary>One measured figure.</summary>
/// <param name="Bar">What it is held against, in words; null for a figure that is only reported.</param>
/// <param name="Holds">Null where there is no bar.</param>
internal sealed record BenchFigure(string Name, double Value, string Unit, string? Bar = null, bool? Holds = null)
{
    public static BenchFigure AtMost(string name, double value, string unit, double bar) =>
        new(name, value, unit, string.Create(CultureInfo.InvariantCulture, $"at most {bar}"), value <= bar);

    public static BenchFigure AtLeast(string name, double value, string unit, double bar) =>
        new(name, value, unit, string.Create(CultureInfo.InvariantCulture, $"at least {bar}"), value >= bar);
}

/// <summary>Figures with the machine they were taken on.</summary>
internal sealed record BenchReport(string Benchmark, IReadOnlyList<BenchFigure> Figures, IReadOnlyList<string> Notes)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public string Machine { get; } = $"{Processor.Name}, {Environment.ProcessorCount} cores, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}, .NET {Environment.Version}";

    public bool AllHold => Figures.All(figure => figure.Holds is not false);

    public void Print(IAnsiConsole console)
    {
        // In a pipe the console knows no width and would break the rows.
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = 160;
        var table = new Table().Border(TableBorder.Simple).AddColumn("Figure").AddColumn(new TableColumn("Value").RightAligned()).AddColumn("Bar").AddColumn("Verdict");
        foreach (var figure in Figures)
            table.AddRow(
                new Text(figure.Name),
                new Text(string.Create(CultureInfo.InvariantCulture, $"{figure.Value:0.###} {figure.Unit}")),
                new Text(figure.Bar ?? string.Empty),
                new Text(figure.Holds switch { true => "holds", false => "missed", null => string.Empty }));
        console.Write(table);
        foreach (var note in Notes.Append($"Machine: {Machine}"))
            console.Profile.Out.Writer.WriteLine(note);
    }

    public Task WriteAsync(string file, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(file, JsonSerializer.Serialize(this, Json), cancellationToken);
}
