using CtSeg.Erasure;
using CtSeg.TrainingJob.DataSets;
using Spectre.Console;

namespace CtSeg.TrainingJob.Erasure;

/// <summary>What an erasure is about or did, for people. Ids and versions only.</summary>
internal static class ForgetText
{
    public static void Write(TextWriter output, ErasureReport report)
    {
        var terminal = DataListCommand.TerminalOf(output);
        terminal.WriteLine(report.IsDone
            ? $"Erasure {report.Id} is done: {report.Blobs} blobs of {report.Scans.Count} slices are removed."
            : $"Would be removed ({report.Scans.Count}; blobs of uploads: {report.Uploads}, taken in by the pipeline: {report.TakenIn}, in the training data: {report.TrainingSlices}): {string.Join(", ", report.Scans)}");
        Tell(terminal, report.Renewed, "Uploaded anew since the order, and left");
        Tell(terminal, report.DataSets, report.IsDone ? "Data sets that held them are removed" : "Data sets hold them");
        Tell(terminal, report.Runs, report.IsDone ? "Runs that learnt from them are cancelled, or end at their next step" : "Runs learn from them");
        Tell(terminal, report.RunsNotStopped, "Runs that learnt from them were just putting their model into use and could not be stopped: replace it (models rollback)");
        if (report.Models.Count > 0)
        {
            var table = new Table().AddColumns("model", "why it needs to be trained again");
            foreach (var model in report.Models)
                table.AddRow(new Text(model.Version), new Text(model.Reason));
            terminal.Write(table);
        }
        Tell(terminal, report.UnknownModels, "Not known what these models learnt from");
        Tell(terminal, report.Unreadable, "Cannot be read, and may be about them");
    }

    private static void Tell<T>(IAnsiConsole terminal, IReadOnlyList<T> items, string what)
    {
        if (items.Count > 0)
            terminal.WriteLine($"{what}: {string.Join(", ", items)}");
    }
}
