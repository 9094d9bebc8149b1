using System.Text;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace CtSeg.Local.FunctionsHost;

/// <summary>Runs a function for every message of a storage queue; too many tries lead to the queue <c>{name}-poison</c>.</summary>
internal sealed class QueueTrigger : ITrigger
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly FunctionDefinition _function;
    private readonly HostSettings _settings;
    private readonly FunctionInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly QueueClient _queue;
    private readonly QueueClient _poison;
    private readonly TimeSpan _maximumPause;
    private readonly TimeSpan _visibility;

    public QueueTrigger(FunctionDefinition function, FunctionApp app, FunctionsHostOptions options, FunctionInvoker invoker, TimeProvider time, ILogger logger)
    {
        _function = function;
        _settings = app.Host;
        _invoker = invoker;
        _time = time;
        _logger = logger;
        HostConnection connection = function.Trigger.Connection("AzureWebJobsStorage");
        string name = function.Trigger.Get("queueName");
        _queue = connection.OpenQueue(name, app.Host);
        _poison = connection.OpenQueue(name + "-poison", app.Host);
        _maximumPause = app.Host.QueueMaxPollingInterval ?? options.QueuePollingMaximum;

        // Longer than an invocation may take, so that no message comes back while it is worked on.
        TimeSpan longest = (app.Host.FunctionTimeout ?? TimeSpan.FromDays(1)) + TimeSpan.FromMinutes(1);
        _visibility = longest > TimeSpan.FromMinutes(10) ? longest : TimeSpan.FromMinutes(10);
    }

    public async Task RunAsync(CancellationToken stopping, CancellationToken abort)
    {
        BackOff backOff = new(_function.Name, _time, _logger);
        TimeSpan pause = FirstPause;
        try
        {
            while (true)
            {
                try
                {
                    QueueMessage[] messages = await ReceiveAsync(stopping);
                    backOff.Reset();
                    await Task.WhenAll(messages.Select(message => ProcessAsync(message, abort)));
                    if (messages.Length == 0)
                        await Task.Delay(pause, _time, stopping);
                    pause = messages.Length > 0 ? FirstPause : TimeSpan.FromTicks(Math.Min(_maximumPause.Ticks, pause.Ticks * 2));
                }
                catch (Exception e) when (BackOff.IsSourceError(e))
                {
                    await backOff.WaitAsync(e, stopping);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped: messages that were not finished become visible again.
        }
    }

    private async Task<QueueMessage[]> ReceiveAsync(CancellationToken stopping)
    {
        try
        {
            return await _queue.ReceiveMessagesAsync(_settings.QueueBatchSize, _visibility, stopping);
        }
        catch (Azure.RequestFailedException e) when (e.Status == 404)
        {
            // A poison queue comes into being with its first message.
            return [];
        }
    }

    private async Task ProcessAsync(QueueMessage message, CancellationToken abort)
    {
        try
        {
            await _invoker.InvokeAsync(_function, Describe(message), abort);
            await _queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, abort);
        }
        catch (InvocationFailedException)
        {
            if (message.DequeueCount < _settings.QueueMaxDequeueCount)
            {
                await _queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, message.Body, _settings.QueueVisibilityTimeout, abort);
                return;
            }

            await StorageQueue.SendCreatingAsync(_poison, message.Body, abort);
            await _queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, abort);
            HostLog.MessagePoisoned(_logger, _function.Name, message.DequeueCount);
        }
    }

    internal TriggerData Describe(QueueMessage message)
    {
        byte[] body = message.Body.ToArray();
        TriggerData data = _invoker.WithSystem(_function, _function.Trigger.IsBinary ? body : Encoding.UTF8.GetString(body),
        [
            KeyValuePair.Create("QueueTrigger", (object?)message.MessageText),
            KeyValuePair.Create("DequeueCount", (object?)message.DequeueCount),
            KeyValuePair.Create("ExpirationTime", (object?)message.ExpiresOn),
            KeyValuePair.Create("Id", (object?)message.MessageId),
            KeyValuePair.Create("InsertionTime", (object?)message.InsertedOn),
            KeyValuePair.Create("NextVisibleTime", (object?)message.NextVisibleOn),
            KeyValuePair.Create("PopReceipt", (object?)message.PopReceipt),
        ]);
        return data.Value is string text ? data with { Metadata = InvocationBody.Merge(data.Metadata, text) } : data;
    }
}
