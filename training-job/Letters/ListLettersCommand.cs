using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Letters;

/// <summary>`dead-letters list`.</summary>
internal static class ListLettersCommand
{
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON on standard output, and nothing else there." };
    private static readonly Option<bool> Letters = new("--letters") { Description = "Every letter too, with its id, the oldest first." };

    /// <param name="run">Opens the places where letters lie.</param>
    public static Command Create(LetterVerb run)
    {
        var command = new Command("list", """
            Counts what lies dead by cause, by the queue that it belongs to and by the place where it lies. Changes nothing.

            A storage queue shows no more than 32 letters at a time; how many more it holds is told.

            Ends with 0, also where something is dead or nothing matches; with 1 when a place cannot be looked into, with 2 when the command line is wrong.

            Examples:
              dead-letters list
              dead-letters list --queue segmentation-requests --letters
              dead-letters list --json
            """)
        {
            LetterAccess.Queue, LetterAccess.Cause, LetterAccess.Scan, Letters, Json,
        };
        command.SetAction((parsed, cancellationToken) => run(parsed, box => RunAsync(parsed, box, cancellationToken), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, LetterBox box, CancellationToken cancellationToken)
    {
        var found = await box.FindAsync(LetterAccess.FilterOf(parsed), cancellationToken);
        var listing = LetterListing.Of(found, box.Places, parsed.GetValue(Letters));
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(Json))
            await output.WriteLineAsync(JsonSerializer.Serialize(listing, LettersJson.Default.LetterListing));
        else if (listing.Count == 0)
            await output.WriteLineAsync(HasFilter(parsed) ? found.Absence($" in {string.Join(", ", listing.Places)}") : $"There are no dead letters in {string.Join(", ", listing.Places)}.");
        else
            Write(listing);
        if (!parsed.GetValue(Json))
            foreach (var hidden in found.Hidden)
                await output.WriteLineAsync(LetterAccess.Describe(hidden));
        return ExitCodes.Success;
    }

    private static bool HasFilter(ParseResult parsed) => LetterAccess.FilterOf(parsed) != new LetterFilter(null, null, null);

    private static void Write(LetterListing listing)
    {
        var groups = new Table("cause", "belongs to", "lies in", "count", "oldest (UTC)", "newest (UTC)", "replayed before");
        foreach (var group in listing.Groups)
            groups.Add(group.Cause, group.Queue, group.Place, Text(group.Count), Text(group.Oldest), Text(group.Newest), Text(group.Replayed));
        if (listing.Groups.Count > 0)
            groups.Write();
        if (listing.Letters is not { } letters)
            return;
        var table = new Table("id", "cause", "scan", "time (UTC)", "deliveries", "replays");
        foreach (var letter in letters)
            table.Add(letter.Id, letter.Cause, letter.Scan ?? "-", Text(letter.Time), Text(letter.Deliveries), Text(letter.Replays));
        table.Write();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
