using CtSeg.Contracts;
using CtSeg.Local.ServiceBus.Configuration;
using CtSeg.Local.Stack;

namespace CtSeg.Local.Tests.Stack;

public sealed class ServiceBusNamespaceTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Given_TheContracts_When_TheConfigurationIsWritten_Then_TheEmulatorReadsItsQueues()
    {
        ServiceBusNamespace.WriteConfiguration(_file, TimeSpan.FromSeconds(2.5), maxDeliveryCount: 7);

        var queues = (await EmulatorConfig.LoadAsync(_file, TestContext.Current.CancellationToken)).Queues;

        queues.Select(queue => queue.Name).ShouldBe(Queues.All, ignoreOrder: true);
        queues.ShouldAllBe(queue => queue.LockDuration == TimeSpan.FromSeconds(2.5) && queue.MaxDeliveryCount == 7);
    }
}
