using CtSeg.Local.FunctionsHost;

namespace CtSeg.Local.Tests.FunctionsHost;

public sealed class AppSettingsCheckTests
{
    [Fact]
    public async Task GivenManyMistakes_WhenTheHostStarts_ThenOneMessageListsAllAndNoSecret()
    {
        await using TestHost host = await TestHost.CreateAsync(null,
            ("Relay", TestHost.Relay),
            ("Slice", """{"bindings":[{"type":"blobTrigger","direction":"in","name":"slice","path":"slices/{name}","dataType":"binary","connection":"SlicesStorage"}]}"""));
        host.Settings.Remove("Requests");
        host.Settings["ServiceBus"] = "SharedAccessKey=not-to-be-seen";
        host.Settings["ServiceBus__fullyQualifiedNamespace"] = "bus.servicebus.windows.net";
        host.Settings["SlicesStorage__blobServiceUri"] = "https://account.blob.core.windows.net";
        host.Settings["MaxUploadBytes"] = "many";
        host.Settings["TrainingRunsAftr"] = "00:10:00";

        FunctionAppException refused = await Should.ThrowAsync<FunctionAppException>(() => host.StartAsync());

        refused.IsOfSettings.ShouldBeTrue();
        foreach (string part in (string[])
        [
            "'Requests' is named by a function.json",
            "ServiceBus cannot be read",
            "ServiceBus and ServiceBus__fullyQualifiedNamespace are both set",
            "SlicesStorage__queueServiceUri is not set",
            "AzureWebJobsStorage is not set",
            "MaxUploadBytes is 'many'",
            "TrainingRunsAftr is no setting and nobody reads it: TrainingRunsAfter may be meant.",
        ])
            refused.Message.ShouldContain(part);
        refused.Message.ShouldNotContain("not-to-be-seen");
        refused.Message.ShouldNotContain("\n");
    }
}
