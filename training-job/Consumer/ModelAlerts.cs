using CtSeg.Contracts;
using CtSeg.Models;
using CtSeg.ServiceBus;
using CtSeg.Telemetry;
using CtSeg.TrainingRuns;
using Microsoft.Extensions.Logging;

namespace CtSeg.TrainingJob.Consumer;

/// <summary>
/// Tells the queue <c>alerts</c> of models that were refused, each once. What was told is noted on this machine, so that a job that is started
/// again every hour does not tell it every hour. Not for use from several threads at once.
/// </summary>
/// <param name="folder">Of the account (<see cref="AccountFolder"/>).</param>
internal sealed class ModelAlerts(IMessageSender sender, string folder, TimeProvider time, ILogger<ModelAlerts> logger)
{
    private const int ShownHashLength = 16;
    private readonly string _folder = Path.Combine(folder, "told");
    private readonly Dictionary<string, CloudEvent<ModelRefused>> _waiting = [];
    private readonly HashSet<string> _told = [];

    /// <param name="reason">One sentence; no patient data.</param>
    /// <param name="serving">The version that goes on serving; null where there is none.</param>
    public void Refused(ServedModel model, string reason, string? serving)
    {
        logger.ModelRefused(model.Version, reason, serving ?? "none");
        Meters.ModelRefused(model.Version);
        var id = IdOf(model);
        if (!_told.Contains(id) && !File.Exists(NoteOf(id)))
            _waiting.TryAdd(id, TrainingEvents.Refused(id, new ModelRefused(model.Version, reason, serving), EventMessages.Source, time.GetUtcNow().UtcDateTime));
    }

    /// <summary>The model serves: if it is refused later, that is news.</summary>
    public void Accepted(ServedModel model)
    {
        var id = IdOf(model);
        _waiting.Remove(id);
        _told.Remove(id);
        TryChangeNotes(() => File.Delete(NoteOf(id)));
    }

    /// <summary>Sends what waits; what cannot be sent now waits on.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        foreach (var (id, refused) in _waiting.ToList())
        {
            try
            {
                await sender.SendAsync(Queues.Alerts, refused, ContractsJson.Default.CloudEventModelRefused, cancellationToken);
            }
            catch (Exception e) when (e is ServiceBusException or TimeoutException or IOException)
            {
                logger.AlertNotSent(e.Message);
                return;
            }
            _waiting.Remove(id);
            _told.Add(id);
            TryChangeNotes(() =>
            {
                Directory.CreateDirectory(_folder);
                File.WriteAllBytes(NoteOf(id), []);
            });
        }
    }

    private static string IdOf(ServedModel model) => $"{model.Version}-{model.WeightsSha256[..ShownHashLength]}-refused";

    private string NoteOf(string id) => Path.Combine(_folder, id);

    private static void TryChangeNotes(Action change)
    {
        try
        {
            change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without the note it is told again by the next job; the id is the same.
        }
    }
}
