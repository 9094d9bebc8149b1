using System.Text;
using CtSeg.ServiceBus;
using Newtonsoft.Json.Linq;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Runs a function for every message of a Service Bus queue under peek-lock: complete after success, abandon after failure.</summary>
internal sealed class ServiceBusTrigger : ITrigger
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    private readonly FunctionDefinition _function;
    private readonly HostSettings _settings;
    private readonly FunctionInvoker _invoker;
    private readonly ServiceBusConnections _connections;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HostConnection _connection;
    private readonly string _queue;

    public ServiceBusTrigger(FunctionDefinition function, HostSettings settings, ServiceBusConnections connections, FunctionInvoker invoker, TimeProvider time, ILogger logger)
    {
        _function = function;
        _settings = settings;
        _invoker = invoker;
        _connections = connections;
        _time = time;
        _logger = logger;
        _connection = function.Trigger.Connection("AzureWebJobsServiceBus");
        _queue = function.Trigger.Get("queueName");
        connections.Get(_connection);
    }

    public async Task RunAsync(CancellationToken stopping, CancellationToken abort)
    {
        await using IMessageReceiver receiver = _connections.Get(_connection).CreateReceiver(_queue, _settings.ServiceBusPrefetch);
        HashSet<Task> running = [];
        BackOff backOff = new(_function.Name, _time, _logger);
        try
        {
            while (true)
            {
                try
                {
                    foreach (ReceivedMessage message in await receiver.ReceiveAsync(_settings.ServiceBusConcurrentCalls - running.Count, MaxWait, stopping))
                        running.Add(ProcessAsync(receiver, message, abort));
                    backOff.Reset();
                    if (running.Count >= _settings.ServiceBusConcurrentCalls)
                        await Task.WhenAny(running).WaitAsync(stopping);
                }
                catch (ServiceBusException e)
                {
                    await backOff.WaitAsync(e, stopping);
                }

                // A fault here is a defect of ours: it ends the trigger, and so the host, instead of going unseen.
                if (running.FirstOrDefault(task => task.IsFaulted) is { } faulted)
                    await faulted;
                running.RemoveWhere(task => task.IsCompleted);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped: no more messages are taken.
        }

        await Task.WhenAll(running);
    }

    private async Task ProcessAsync(IMessageReceiver receiver, ReceivedMessage message, CancellationToken abort)
    {
        using CancellationTokenSource finished = CancellationTokenSource.CreateLinkedTokenSource(abort);
        Task renewing = RenewAsync(receiver, message, finished.Token);
        bool succeeded = false;
        try
        {
            await _invoker.InvokeAsync(_function, Describe(message), abort);
            succeeded = true;
        }
        catch (InvocationFailedException)
        {
            // Abandoned below: delivered again until the queue's limit sends it to the dead-letter queue.
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            // The host stops: give the message back at once instead of leaving it to its lock.
        }
        finally
        {
            await finished.CancelAsync();
            await renewing;
        }

        try
        {
            if (succeeded)
                await receiver.CompleteAsync(message, CancellationToken.None);
            else
                await receiver.AbandonAsync(message, CancellationToken.None);
        }
        catch (ServiceBusException e)
        {
            HostLog.NotSettled(_logger, _function.Name, e.Message);
        }
    }

    /// <summary>Renews the lock at half its remaining time until the message is finished or the limit of host.json is reached.</summary>
    private async Task RenewAsync(IMessageReceiver receiver, ReceivedMessage message, CancellationToken finished)
    {
        DateTimeOffset end = _time.GetUtcNow() + _settings.ServiceBusLockRenewal;
        DateTimeOffset lockedUntil = message.LockedUntil;
        try
        {
            while (_time.GetUtcNow() < end)
            {
                DateTimeOffset now = _time.GetUtcNow();
                TimeSpan half = (lockedUntil - now) / 2;
                if (now + half >= end)
                    break;
                await Task.Delay(half > TimeSpan.FromMilliseconds(100) ? half : TimeSpan.FromMilliseconds(100), _time, finished);
                lockedUntil = await receiver.RenewLockAsync(message, finished);
            }
        }
        catch (OperationCanceledException) when (finished.IsCancellationRequested)
        {
            // Done.
        }
        catch (ServiceBusException e)
        {
            HostLog.NotSettled(_logger, _function.Name, e.Message);
        }
    }

    internal TriggerData Describe(ReceivedMessage message)
    {
        JObject properties = [];
        foreach ((string name, object value) in message.ApplicationProperties)
            properties[name] = JToken.FromObject(value);
        if (message.DeadLetterReason is not null)
            properties["DeadLetterReason"] = message.DeadLetterReason;
        if (message.DeadLetterErrorDescription is not null)
            properties["DeadLetterErrorDescription"] = message.DeadLetterErrorDescription;

        byte[] body = message.Body.ToArray();
        TriggerData data = _invoker.WithSystem(_function, _function.Trigger.IsBinary ? body : Encoding.UTF8.GetString(body),
        [
            KeyValuePair.Create("DeliveryCount", (object?)message.DeliveryCount),
            KeyValuePair.Create("MessageId", (object?)message.MessageId),
            KeyValuePair.Create("SequenceNumber", (object?)message.SequenceNumber),
            KeyValuePair.Create("EnqueuedTimeUtc", (object?)message.EnqueuedTime.UtcDateTime),
            KeyValuePair.Create("ApplicationProperties", (object?)(properties.Count > 0 ? properties : null)),
        ]);
        return data.Value is string text ? data with { Metadata = InvocationBody.Merge(data.Metadata, text) } : data;
    }
}
