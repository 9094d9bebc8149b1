using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace CtSeg.TrainingJob.Letters;

/// <summary>`dead-letters show`.</summary>
internal static class ShowLetterCommand
{
    private static readonly Argument<string> Id = new("ID") { Description = "Of the letter, as `dead-letters list --letters` shows it." };
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON on standard output, and nothing else there." };
    private static readonly Option<bool> Body = new("--body") { Description = "The message's body too. It may name a slice: mind who reads along." };

    /// <param name="run">Opens the places where letters lie.</param>
    public static Command Create(LetterVerb run)
    {
        var command = new Command("show", """
            Shows one dead letter: why it was given up, when, after how many tries. Changes nothing.

            Ends with 1 when there is no such letter, with 2 when the command line is wrong.

            Examples:
              dead-letters show segmentation-requests/17
              dead-letters show archive/0123456789abcdef-1 --body
            """)
        {
            Id, Body, Json,
        };
        command.SetAction((parsed, cancellationToken) => run(parsed, box => RunAsync(parsed, box, cancellationToken), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, LetterBox box, CancellationToken cancellationToken)
    {
        var id = parsed.GetValue(Id)!;
        if (await box.FindAsync(id, cancellationToken) is not { } found)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"There is no dead letter '{id}': dead-letters list --letters shows which there are.");
            return ExitCodes.Failure;
        }
        var shown = ListedLetter.Of(found);
        if (parsed.GetValue(Body))
            shown = shown with { Body = (await found.Body(cancellationToken))?.ToString() };
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(Json))
            await output.WriteLineAsync(JsonSerializer.Serialize(shown, LettersJson.Default.ListedLetter));
        else
            foreach (var (name, value) in Describe(shown))
                await output.WriteLineAsync($"{name,-12}{value}");
        return ExitCodes.Success;
    }

    private static IEnumerable<(string Name, string Value)> Describe(ListedLetter letter)
    {
        yield return ("id", letter.Id);
        yield return ("cause", letter.Cause);
        if (letter.Description is { Length: > 0 } description)
            yield return ("says", description);
        yield return ("belongs to", letter.Queue);
        yield return ("lies in", letter.Place);
        yield return ("time (UTC)", letter.Time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        if (letter.Deliveries > 0)
            yield return ("deliveries", letter.Deliveries.ToString(CultureInfo.InvariantCulture));
        yield return ("replays", letter.Replays.ToString(CultureInfo.InvariantCulture));
        if (letter.Scan is { } scan)
            yield return ("scan", scan);
        if (letter.MessageId is { } message)
            yield return ("message", message);
        if (letter.Body is { } body)
            yield return ("body", body);
    }
}
