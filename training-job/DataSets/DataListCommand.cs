using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CtSeg.DataSets;
using Spectre.Console;

namespace CtSeg.TrainingJob.DataSets;

/// <summary>`ctseg-job data list`: counts by class, origin and group.</summary>
internal static class DataListCommand
{
    // Of a pipe, which has no width of its own: a line must not be broken there.
    private const int PipeWidth = 200;

    private static readonly Option<bool> Json = new("--json") { Description = "As JSON on standard output, and nothing else there." };
    private static readonly Option<bool> Slices = new("--slices") { Description = "Every slice too, with its id." };

    public static Command Create(DataStorage storage)
    {
        var command = new Command("list", $"""
            Count the training data by class, origin and group, and say which groups are locked: no model learns from those, challengers
            are judged by them. Groups that show the same picture count as one.

            {DataStorage.Help}

            Examples:
              data list
              data list --slices --json
            """)
        {
            Json, Slices,
        };
        command.SetAction((arguments, cancellationToken) => storage.RunAsync(arguments, (store, damaged) => RunAsync(arguments, store, damaged, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, DataSetStore store, IReadOnlyCollection<string> damaged, CancellationToken cancellationToken)
    {
        var data = await store.ReadAsync(cancellationToken);
        var listing = DataListing.Of(data, [.. damaged], arguments.GetValue(Slices));
        var output = arguments.InvocationConfiguration.Output;
        if (arguments.GetValue(Json))
            await output.WriteLineAsync(JsonSerializer.Serialize(listing, DataListingJson.Default.DataListing));
        else
            Print(TerminalOf(output), listing);
        return ExitCodes.Success;
    }

    public static IAnsiConsole TerminalOf(TextWriter output)
    {
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        if (Console.IsOutputRedirected || output != Console.Out)
            terminal.Profile.Width = PipeWidth;
        return terminal;
    }

    private static void Print(IAnsiConsole terminal, DataListing listing)
    {
        var all = listing.All;
        terminal.WriteLine($"Data set {listing.DataSet}: {all.Slices} slices of {all.Groups} groups; {all.LockedSlices} slices of {all.LockedGroups} groups are locked{(listing.Damaged.Count > 0 ? $"; {listing.Damaged.Count} documents cannot be read" : "")}");
        if (all.Slices == 0)
            return;
        var classes = Counts("Class").AddColumn(Right("Pixels"));
        foreach (var counted in listing.Classes)
            Add(classes, counted.Name, counted.Count, Number(counted.Pixels));
        terminal.Write(classes);
        var origins = Counts("Origin");
        foreach (var counted in listing.Origins)
            Add(origins, counted.Kind, counted.Count);
        terminal.Write(origins);
        var groups = new Table().Border(TableBorder.Simple).AddColumn("Group").AddColumn("Locked").AddColumn(Right("Slices"));
        foreach (var counted in listing.Classes)
            groups.AddColumn(Right($"{counted.Name}, pixels"));
        foreach (var group in listing.Groups)
            groups.AddRow([Markup.Escape(group.Group), group.Locked ? "yes" : "", Number(group.Slices), .. group.ClassPixels.Skip(1).Select(Number)]);
        terminal.Write(groups);
        if (listing.Slices is not { } slices)
            return;
        var table = new Table().Border(TableBorder.Simple).AddColumn("Id").AddColumn("Slice").AddColumn("Group").AddColumn("Locked").AddColumn("Origin");
        foreach (var slice in slices)
            table.AddRow(slice.Id, Markup.Escape(slice.Name), Markup.Escape(slice.Group), slice.Locked ? "yes" : "", slice.Origin);
        terminal.Write(table);
    }

    private static Table Counts(string of) => new Table().Border(TableBorder.Simple)
        .AddColumn(of).AddColumn(Right("Slices")).AddColumn(Right("Groups")).AddColumn(Right("Locked slices")).AddColumn(Right("Locked groups"));

    private static void Add(Table table, string name, SliceCount count, params string[] more) =>
        table.AddRow([name, Number(count.Slices), Number(count.Groups), Number(count.LockedSlices), Number(count.LockedGroups), .. more]);

    private static TableColumn Right(string title) => new TableColumn(title).RightAligned();

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Number(int value) => Number((long)value);
}
