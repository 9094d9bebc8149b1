using CtSeg.Local.ServiceBus;
using CtSeg.Local.ServiceBus.Configuration;
using CtSeg.Local.ServiceBus.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace CtSeg.ServiceBus.Tests;

/// <summary>An emulator with one queue, and waiting for states with a deadline.</summary>
internal static class EmulatorUnderTest
{
    public const string Queue = "jobs";
    public const string DeadLetters = "jobs/$deadletterqueue";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    public static Task<ServiceBusEmulator> StartAsync(Func<QueueSettings, QueueSettings>? change = null, bool acceptUnsignedTokens = false, TimeProvider? time = null)
    {
        var settings = new QueueSettings(Queue) { LockDuration = TimeSpan.FromSeconds(30) };
        var config = new EmulatorConfig([change?.Invoke(settings) ?? settings]);
        return ServiceBusEmulator.StartAsync(
            new ServiceBusEmulatorOptions(config) { AcceptUnsignedTokens = acceptUnsignedTokens }, time ?? TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);
    }

    public static OutgoingMessage Message(string id) => new("{}"u8.ToArray()) { MessageId = id };

    public static async Task UntilAsync(string what, Func<bool> isReached)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!isReached())
        {
            TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(Deadline, what);
            await Task.Delay(Step, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
