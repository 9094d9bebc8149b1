using System.CommandLine;
using CtSeg.Recovery;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Letters;

/// <summary>`dead-letters discard`.</summary>
internal static class DiscardLettersCommand
{
    private const string Left = "left";
    private const string Changed = "left: changed meanwhile; repeat";

    private static readonly Argument<string[]> Ids = CreateIds();
    private static readonly Option<string> Reason = CreateReason();
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Says what would be removed, and changes nothing." };

    /// <param name="run">Opens the places where letters lie.</param>
    public static Command Create(LetterVerb run)
    {
        var command = new Command("discard", """
            Removes dead letters for good, exactly those that are named: for what can never be replayed, or need not be. Look at each with show
            first, and replay what can be.

            Before a letter goes, a record of it is stored under audit/dead-letters/discarded/: where it lay, its cause, who removed it, when
            and why, and its body where that is a request; of any other body, which may name a slice, its SHA-256 and length. A scan that failed stays failed; its status is only not listed any more, until it fails again. The command may be
            stopped or killed at any time and be repeated.

            Ends with 0 when all that was named is gone, with 1 when one is left or there is none of that name, with 2 when the command line is
            wrong.

            Examples:
              dead-letters discard training-requests/17 --reason "sent by hand, no request of ours" --dry-run
              dead-letters discard training-requests/17 archive/m1-7 --reason "sent by hand, no request of ours"
            """)
        {
            Ids, Reason, DryRun,
        };
        command.SetAction((parsed, cancellationToken) => run(parsed, box => RunAsync(parsed, box, cancellationToken), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, LetterBox box, CancellationToken cancellationToken)
    {
        var (output, errors) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var dryRun = parsed.GetValue(DryRun);
        var (letters, missing) = (new List<FoundLetter>(), new List<string>());
        foreach (var id in parsed.GetValue(Ids)!.Distinct(StringComparer.Ordinal))
        {
            if (await box.FindAsync(id, cancellationToken) is { } letter)
                letters.Add(letter);
            else
                missing.Add(id);
        }
        var ends = letters.ToDictionary(letter => letter.Id, _ => dryRun ? "discarded" : Left);
        try
        {
            if (!dryRun)
                foreach (var letter in await box.DiscardAsync(letters, OperatorName.Current, parsed.GetValue(Reason)!, Tell, cancellationToken))
                    await errors.WriteLineAsync($"{letter.Id} is left: somebody else has it just now; look again in a minute.");
        }
        finally
        {
            Write([.. letters.Select(letter => (letter, ends[letter.Id]))], dryRun, output);
        }
        var unknown = missing.Count > 0 ? missing.Except(await box.ListDiscardedAsync(cancellationToken)).ToList() : [];
        foreach (var id in missing)
            await errors.WriteLineAsync(unknown.Contains(id)
                ? $"There is no dead letter '{id}': dead-letters list --letters shows which there are." : $"{id} was discarded before.");
        foreach (var (id, _) in ends.Where(end => end.Value == Changed))
            await errors.WriteLineAsync($"{id} is left: it changed meanwhile; repeat the command.");
        return unknown.Count == 0 && !ends.ContainsValue(Left) && !ends.ContainsValue(Changed) ? ExitCodes.Success : ExitCodes.Failure;

        void Tell(FoundLetter letter, LetterRemoval end)
        {
            lock (ends)
                ends[letter.Id] = end switch
                {
                    LetterRemoval.Removed => "discarded",
                    LetterRemoval.Gone => "gone: somebody else took it",
                    _ => Changed,
                };
        }
    }

    private static void Write(IReadOnlyCollection<(FoundLetter Letter, string End)> ends, bool dryRun, TextWriter output)
    {
        var table = new Table("id", "cause", "lies in", dryRun ? "would be" : "is");
        foreach (var (letter, end) in ends)
            table.Add(letter.Id, letter.Cause, letter.Place, end);
        if (ends.Count > 0)
            table.Write();
        if (dryRun)
            output.WriteLine("Dry run: nothing was changed.");
    }

    private static Argument<string[]> CreateIds()
    {
        var ids = new Argument<string[]>("ID")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "Of the letters, as `dead-letters list --letters` shows them. Nothing else is removed.",
        };
        // A filter of the other verbs would be taken for one.
        ids.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith('-')) is { Value: var option })
                result.AddError($"{option} is no option here: letters are discarded by their ids only.");
        });
        return ids;
    }

    private static Option<string> CreateReason()
    {
        var option = new Option<string>("--reason") { Required = true, Description = $"Why, for the record; {DiscardedLetters.MaxReasonLength} characters at most." };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && (string.IsNullOrWhiteSpace(text) || text.Length > DiscardedLetters.MaxReasonLength))
                result.AddError($"--reason must have 1 to {DiscardedLetters.MaxReasonLength} characters.");
        });
        return option;
    }
}
