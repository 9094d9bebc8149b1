using System.CommandLine;
using System.Globalization;
using CtSeg.Recovery;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Letters;

/// <summary>`dead-letters replay`.</summary>
internal static class ReplayLettersCommand
{
    // Letters between two words to those who wait.
    private const int Stride = 100;

    private static readonly Option<int?> Max = PositiveOption.Create("--max", "Letters at most, the oldest first; all if not given.");
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Says what would be done, and changes nothing." };

    /// <param name="run">Opens the places where letters lie.</param>
    public static Command Create(LetterVerb run)
    {
        var command = new Command("replay", """
            Sends what lies dead to where it belongs. Look at the cause first: what failed for a fault that is still there only fails again.

            A scan that has its result meanwhile, or was asked for again, is not done again; its letter goes. What fails again lies dead
            again, and counts its replays. The command may be stopped or killed at any time and be repeated: it goes on where it ended,
            nothing is lost and nothing is done twice. It may run while everything else runs.

            Ends with 0 when all that was meant is sent or has no use any more, and when nothing matches; with 1 when some is left, with 2
            when the command line is wrong. What can never be replayed goes with dead-letters discard.

            Examples:
              dead-letters replay --dry-run
              dead-letters replay --queue segmentation-requests --cause max-delivery-count-exceeded --max 10
              dead-letters replay --scan 0123456789abcdef
            """)
        {
            LetterAccess.Queue, LetterAccess.Cause, LetterAccess.Scan, Max, DryRun,
        };
        command.SetAction((parsed, cancellationToken) => run(parsed, box => RunAsync(parsed, box, cancellationToken), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, LetterBox box, CancellationToken cancellationToken)
    {
        var (output, errors) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var found = await box.FindAsync(LetterAccess.FilterOf(parsed), cancellationToken);
        if (parsed.GetValue(Max) is { } most)
            found = found.First(most);
        if (found.Count == 0)
        {
            await output.WriteLineAsync(found.Absence(""));
            return ExitCodes.Success;
        }
        var dryRun = parsed.GetValue(DryRun);
        var ends = new Dictionary<string, (FoundLetter Letter, ReplayOutcome Outcome)>();
        var unreached = new Unreached([], []);
        try
        {
            unreached = await box.ReplayAsync(found, dryRun, Tell, cancellationToken);
        }
        finally
        {
            Write([.. ends.Values], found.Letters.Count(letter => !ends.ContainsKey(letter.Id)) - unreached.Left.Count, found.Count, dryRun, output);
        }
        foreach (var line in DescribeLeft([.. ends.Values], unreached, dryRun))
            await errors.WriteLineAsync(line);
        // What a dry run cannot see is no fault of what it saw.
        var isReached = unreached.Left.Count == 0 && (dryRun || unreached.Hidden.Count == 0);
        return isReached && ends.Values.All(end => end.Outcome.EndsLetter()) ? ExitCodes.Success : ExitCodes.Failure;

        void Tell(FoundLetter letter, ReplayOutcome outcome)
        {
            lock (ends)
            {
                ends[letter.Id] = (letter, outcome);
                if (ends.Count % Stride == 0)
                    errors.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{ends.Count} of {found.Count}"));
            }
        }
    }

    private static IEnumerable<string> DescribeLeft(IReadOnlyCollection<(FoundLetter Letter, ReplayOutcome Outcome)> ends, Unreached unreached, bool dryRun)
    {
        foreach (var (letter, outcome) in ends.Where(end => end.Outcome.Decision == ReplayDecision.Refused))
            yield return $"{letter.Id} is left: {outcome.Text}";
        foreach (var letter in unreached.Left)
            yield return $"{letter.Id} is left: somebody else has it just now; look again in a minute.";
        foreach (var hidden in unreached.Hidden)
            yield return dryRun
                ? $"{LetterAccess.Describe(hidden)} What would become of them is not known."
                : string.Create(CultureInfo.InvariantCulture, $"About {hidden.Count} more in {hidden.Place} are left: somebody else has them just now; look again in a few minutes.");
    }

    private static void Write(
        IReadOnlyCollection<(FoundLetter Letter, ReplayOutcome Outcome)> ends, int unreached, int count, bool dryRun, TextWriter output)
    {
        var table = new Table("cause", "belongs to", "count", dryRun ? "would be" : "is");
        foreach (var group in ends.GroupBy(end => (end.Letter.Cause, end.Letter.Queue, Text: TextOf(end.Outcome))).OrderByDescending(group => group.Count()))
            table.Add(group.Key.Cause, group.Key.Queue, group.Count().ToString(CultureInfo.InvariantCulture), group.Key.Text);
        if (ends.Count > 0)
            table.Write();
        if (unreached > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{unreached} of {count} were not reached: the same command goes on."));
        if (dryRun)
            output.WriteLine("Dry run: nothing was changed.");
    }

    private static string TextOf(ReplayOutcome outcome) => outcome.Decision switch
    {
        ReplayDecision.Send => "sent again",
        ReplayDecision.Completed => "removed: completed meanwhile",
        ReplayDecision.AskedAgain => "removed: asked for again meanwhile",
        ReplayDecision.FailedAgain => "removed: sent again before, and failed again",
        ReplayDecision.Gone => "removed: what it is about is gone",
        _ => "left",
    };
}
