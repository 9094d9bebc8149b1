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

    public static Command Create()
    {
        var command = new Command("list", """
            Counts what lies dead by cause, by the queue that it belongs to and by the place where it lies. Changes nothing.

            Ends with 0, also where something is dead; with 1 when a place cannot be looked into, with 2 when the command line is wrong.

            Examples:
              dead-letters list
              dead-letters list --queue segmentation-requests --letters
              dead-letters list --json
            """)
        {
            LetterAccess.Queue, LetterAccess.Cause, LetterAccess.Scan, Letters, Json,
        };
        command.SetAction((parsed, cancellationToken) => LetterAccess.RunAsync(parsed, box => RunAsync(parsed, box, cancellationToken), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, LetterBox box, CancellationToken cancellationToken)
    {
        var listing = LetterListing.Of(await box.FindAsync(LetterAccess.FilterOf(parsed), cancellationToken), box.Places, parsed.GetValue(Letters));
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(Json))
            await output.WriteLineAsync(JsonSerializer.Serialize(listing, LettersJson.Default.LetterListing));
        else if (listing.Count == 0)
            await output.WriteLineAsync($"There are no {(HasFilter(parsed) ? "such " : "")}dead letters in {string.Join(", ", listing.Places)}.");
        else
            Write(listing);
        return ExitCodes.Success;
    }

    private static bool HasFilter(ParseResult parsed) => LetterAccess.FilterOf(parsed) != new LetterFilter(null, null, null);

    private static void Write(LetterListing listing)
    {
        var groups = new Table("cause", "belongs to", "lies in", "count", "oldest (UTC)", "newest (UTC)", "replayed before");
        foreach (var group in listing.Groups)
            groups.Add(group.Cause, group.Queue, group.Place, Text(group.Count), Text(group.Oldest), Text(group.Newest), Text(group.Replayed));
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
