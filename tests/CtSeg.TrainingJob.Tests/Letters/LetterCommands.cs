using System.CommandLine;
using CtSeg.TrainingJob.Letters;

namespace CtSeg.TrainingJob.Tests.Letters;

/// <summary>The verbs as they are typed.</summary>
internal static class LetterCommands
{
    /// <returns>What the program ends with, and what it said, tables apart.</returns>
    public static async Task<(int Code, string Said)> RunAsync(LetterBox box, CancellationToken cancel, params string[] arguments)
    {
        var parsed = DeadLettersCommand.Create((_, work, _) => work(box)).Parse(arguments);
        using var said = new StringWriter();
        var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = said, Error = said }, cancel);
        return (parsed.Errors.Count > 0 ? ExitCodes.Usage : code, said.ToString());
    }
}
