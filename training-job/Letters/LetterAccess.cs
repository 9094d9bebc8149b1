using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Azure;
using CtSeg.Configuration;
using CtSeg.Contracts;
using CtSeg.ServiceBus;
using CtSeg.TrainingJob.Consumer;

namespace CtSeg.TrainingJob.Letters;

/// <summary>Runs a verb on the places where letters lie, and says of what fails in one sentence why.</summary>
internal delegate Task<int> LetterVerb(ParseResult parsed, Func<LetterBox, Task<int>> work, CancellationToken cancellationToken);

/// <summary>What the verbs of <c>dead-letters</c> share: the places they look into, which letters are meant, and a sentence for what may go wrong.</summary>
internal static class LetterAccess
{
    public static Option<string?> Queue { get; } = CreateQueue();
    public static Option<string?> Cause { get; } = new("--cause") { Description = "Only this cause, as list shows it." };
    public static Option<ScanId?> Scan { get; } = new("--scan") { CustomParser = ParseScan, Description = "Only this scan, by its id." };

    public static LetterFilter FilterOf(ParseResult parsed) => new(parsed.GetValue(Queue), parsed.GetValue(Cause), parsed.GetValue(Scan));

    public static string Describe(HiddenLetters hidden) => string.Create(
        CultureInfo.InvariantCulture, $"{hidden.Place} holds about {hidden.Count} more, of whatever cause: it shows no more than {PoisonQueueLetters.Page} at a time.");

    /// <summary>On those of the environment; a <see cref="LetterVerb"/>.</summary>
    public static async Task<int> RunAsync(ParseResult parsed, Func<LetterBox, Task<int>> work, CancellationToken cancellationToken)
    {
        var errors = parsed.InvocationConfiguration.Error;
        if (JobConnections.Find(needsServiceBus: true, out var problems) is not { } connections)
        {
            await errors.WriteLineAsync(string.Join(" ", problems));
            return ExitCodes.Usage;
        }
        var settings = new SettingsReader(EnvironmentSettings.Read().GetValueOrDefault);
        var maxUploadBytes = settings.Read(SettingCatalogue.MaxUploadBytes);
        if (settings.Problems.Count > 0)
        {
            await errors.WriteLineAsync(settings.Problems[0]);
            return ExitCodes.Usage;
        }
        try
        {
            await using var bus = connections.OpenServiceBus()!;
            var queues = PoisonQueues.Open(connections.Setting);
            if (queues is null)
                await errors.WriteLineAsync($"The poison queues are not looked into: set {PoisonQueues.Endpoint} beside {ConnectionSettings.BlobEndpoint(Connections.Slices)}.");
            return await work(new LetterBox(connections.OpenStorage(), bus, queues, maxUploadBytes, TimeProvider.System));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await errors.WriteLineAsync("Stopped. The same command goes on where this one ended.");
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is ServiceBusException or FormatException)
        {
            await errors.WriteLineAsync($"{e.Message} Nothing is lost: the same command goes on where this one ended.");
            return ExitCodes.Failure;
        }
        catch (Exception e) when (e is RequestFailedException || StorageFaults.Is(e))
        {
            await errors.WriteLineAsync(
                $"The storage could not be used: {StorageFaults.Describe(e)} Check that it can be reached; the same command goes on where this one ended.");
            return ExitCodes.Failure;
        }
    }

    private static Option<string?> CreateQueue()
    {
        var option = new Option<string?>("--queue") { Description = "Only what belongs to this queue, as list shows it." };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var name }] && !LetterBox.KnownQueues.Contains(name))
                result.AddError($"--queue is '{name}': letters belong to {string.Join(", ", LetterBox.KnownQueues)}.");
        });
        return option;
    }

    private static ScanId? ParseScan(ArgumentResult result)
    {
        if (ScanId.TryParse(result.Tokens[0].Value, out var scan))
            return scan;
        result.AddError("The id of a scan has 16 hexadecimal characters.");
        return null;
    }
}
