using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Storage.Blobs;
using CtSeg.Contracts;
using CtSeg.DataSets;
using CtSeg.Erasure;
using CtSeg.TrainingJob.DataSets;
using CtSeg.TrainingJob.Registry;

namespace CtSeg.TrainingJob.Erasure;

/// <summary>`ctseg-job data forget`: uploads, results and training data of a patient or a slice go, and the models that saw them are marked.</summary>
internal static class DataForgetCommand
{
    private static readonly Option<string?> Group = new("--group") { CustomParser = ParseGroup, Description = "All slices of this group: of the training data, and uploads whose metadata or folder say it." };
    private static readonly Option<string?> Scan = new("--scan") { CustomParser = ParseScan, Description = "One slice, by its scan id." };
    private static readonly Option<bool> Resume = new("--resume") { Description = "Only go on with erasures that were ended in the middle, and look again at those of the last day." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Say what would go, and remove nothing." };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do not ask." };
    private static readonly Option<bool> Json = new("--json") { Description = "As JSON on standard output, and nothing else there; needs --yes, --resume or --dry-run." };

    public static Command Create(DataStorage storage)
    {
        var command = new Command("forget", $"""
            Remove slices for good: uploads, preprocessed images, results, statuses, corrections, training data, shadow results, archived
            messages, the data sets and reports that hold them, with all versions and snapshots. A slice elsewhere that shows the same
            picture goes too. Models that learnt from them are listed and marked for retraining; runs that do are cancelled. Erasures
            that were ended in the middle are gone on with first. What soft delete keeps can be restored for some days by the owner of
            the account: see docs/erasure.md.

            {DataStorage.Help}

            Ends with 0 when all is removed, with 1 when something was not or nothing is known of what was named, with 2 when the
            command line is wrong or nobody agreed.

            Examples:
              data forget --group patient-7 --dry-run
              data forget --scan 0011223344556677 --yes
              data forget --resume
            """)
        {
            Group, Scan, Resume, DryRun, Yes, Json,
        };
        command.Validators.Add(result =>
        {
            var named = new Option[] { Group, Scan, Resume }.Count(option => result.GetResult(option) is { Implicit: false });
            if (named != 1)
                result.AddError("Give one of --group, --scan and --resume.");
            if (result.GetValue(Json) && !result.GetValue(Yes) && !result.GetValue(Resume) && !result.GetValue(DryRun))
                result.AddError("--json cannot ask: add --yes or --dry-run.");
            if (result.GetValue(Resume) && result.GetValue(DryRun))
                result.AddError("An erasure that was ordered is not tried: give --resume or --dry-run.");
        });
        command.SetAction((arguments, cancellationToken) => storage.RunAsync(arguments, client => RunAsync(arguments, client, storage.Time, cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, BlobServiceClient storage, TimeProvider time, CancellationToken cancellationToken)
    {
        var (output, errors) = (arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error);
        var erasure = new DataErasure(storage, time, ShippedVersions());
        if (arguments.GetValue(DryRun))
        {
            var preview = await erasure.PreviewAsync(TargetOf(arguments), cancellationToken);
            await WriteAsync(arguments, [preview]);
            return await IsEmptyAsync(preview, errors) ? ExitCodes.Failure : ExitCodes.Success;
        }
        var (done, failed) = await ResumeAsync(erasure, errors, cancellationToken);
        var isReviewed = await ReviewAsync(new ErasureReview(storage, time), arguments.GetValue(Json) ? errors : output, errors, cancellationToken);
        var code = failed || !isReviewed ? ExitCodes.Failure : ExitCodes.Success;
        if (!arguments.GetValue(Resume))
        {
            var preview = await erasure.PreviewAsync(TargetOf(arguments), cancellationToken);
            if (await IsEmptyAsync(preview, errors))
                return await EndAsync(ExitCodes.Failure);
            if (!arguments.GetValue(Yes) && !await IsAgreedAsync(preview, output, errors))
                return ExitCodes.Usage;
            done.Add(await erasure.ForgetAsync(TargetOf(arguments), cancellationToken));
        }
        return await EndAsync(code);

        async Task<int> EndAsync(int end)
        {
            await WriteAsync(arguments, done);
            return end;
        }
    }

    /// <summary>Goes on with what earlier processes left; one that fails holds up no other.</summary>
    private static async Task<(List<ErasureReport> Done, bool Failed)> ResumeAsync(DataErasure erasure, TextWriter errors, CancellationToken cancellationToken)
    {
        var (done, failed) = (new List<ErasureReport>(), false);
        var open = await erasure.ListOpenAsync(
            damaged =>
            {
                failed = true;
                errors.WriteLine($"{damaged.BlobPath} cannot be read and is left: forget its slices again, then remove it.");
            },
            cancellationToken);
        foreach (var order in open)
        {
            try
            {
                done.Add(await erasure.ResumeAsync(order, cancellationToken));
            }
            catch (Exception e) when (ErasureFaults.IsOfOneOrder(e))
            {
                failed = true;
                await errors.WriteLineAsync($"Erasure {order.Order.Id} could not be ended ({ErasureFaults.Describe(e)}): it stays open, run data forget --resume again.");
            }
        }
        return (done, failed);
    }

    /// <summary>Removes what writers left that were killed just after an erasure was done.</summary>
    /// <returns>Whether all of it is removed.</returns>
    private static async Task<bool> ReviewAsync(ErasureReview review, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var outcome = await review.ReviewAsync(evenIfSeen: true, cancellationToken);
        if (outcome.Blobs > 0)
            await output.WriteLineAsync($"{outcome.Blobs} blobs that were written since by what was under way then are removed ({string.Join(", ", outcome.Orders)}).");
        foreach (var failure in outcome.Failures)
            await errors.WriteLineAsync($"{failure.What} could not be looked at again ({failure.Why}): run data forget --resume again.");
        return outcome.Failures.Count == 0;
    }

    private static async Task<bool> IsEmptyAsync(ErasureReport preview, TextWriter errors)
    {
        if (preview.IsEmpty)
            await errors.WriteLineAsync("Nothing is known of what was named: check the spelling (data list --json shows the groups of the training data).");
        return preview.IsEmpty;
    }

    private static async Task<bool> IsAgreedAsync(ErasureReport preview, TextWriter output, TextWriter errors)
    {
        ForgetText.Write(output, preview);
        if (Console.IsInputRedirected)
        {
            await errors.WriteLineAsync("Nothing was removed: nobody can be asked here, so add --yes.");
            return false;
        }
        await output.WriteAsync("Remove all this for good? Type yes: ");
        if (string.Equals((await Console.In.ReadLineAsync())?.Trim(), "yes", StringComparison.OrdinalIgnoreCase))
            return true;
        await errors.WriteLineAsync("Nothing was removed: only the whole word yes does it.");
        return false;
    }

    private static async Task WriteAsync(ParseResult arguments, List<ErasureReport> reports)
    {
        var output = arguments.InvocationConfiguration.Output;
        if (arguments.GetValue(Json))
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(new ForgetResult(reports), ForgetJson.Default.ForgetResult));
            return;
        }
        foreach (var report in reports)
            ForgetText.Write(output, report);
        if (reports.Count == 0)
            await output.WriteLineAsync("No erasure was open.");
    }

    private static ErasureTarget TargetOf(ParseResult arguments) =>
        arguments.GetValue(Group) is { } group ? ErasureTarget.OfGroup(group) : ErasureTarget.OfScan(ScanId.Parse(arguments.GetValue(Scan)!));

    private static HashSet<string> ShippedVersions() => Directory.Exists(ShippedModel.Root)
        ? Directory.GetDirectories(ShippedModel.Root).Select(folder => Path.GetFileName(folder)!).ToHashSet(StringComparer.Ordinal)
        : [];

    private static string? ParseGroup(ArgumentResult result)
    {
        var group = result.Tokens[0].Value;
        if (!NewSlice.IsName(group))
            result.AddError($"--group must have 1 to {NewSlice.MaxNameLength} characters, and no control characters.");
        return group;
    }

    private static string? ParseScan(ArgumentResult result)
    {
        if (!ScanId.TryParse(result.Tokens[0].Value, out _))
            result.AddError("--scan must be a scan id: 16 lower-case hexadecimal characters.");
        return result.Tokens[0].Value;
    }
}

/// <param name="Erasures">In the order in which they were done.</param>
internal sealed record ForgetResult(IReadOnlyList<ErasureReport> Erasures);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ForgetResult))]
internal sealed partial class ForgetJson : JsonSerializerContext;
