using CtSeg.Telemetry;

namespace CtSeg.Shared.Tests.Telemetry;

public sealed class TelemetrySettingsTests
{
    [Fact]
    public void Given_NothingSet_When_Read_Then_Off()
    {
        Read([], out var problems).ShouldBe(TelemetrySettings.Off);
        problems.ShouldBeEmpty();
        TelemetrySettings.Off.IsOn.ShouldBeFalse();
    }

    [Fact]
    public void Given_WhatTheTemplateSets_When_Read_Then_ItIsUnderstood()
    {
        const string Connection = "InstrumentationKey=0;IngestionEndpoint=https://a.example/;LiveEndpoint=https://b.example/";
        var settings = Read(
            [("APPLICATIONINSIGHTS_CONNECTION_STRING", Connection), ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "ClientId=c1;Authorization=AAD"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")],
            out var problems);

        problems.ShouldBeEmpty();
        settings.ShouldBe(new TelemetrySettings(new Uri("http://127.0.0.1:4317"), Connection, UsesIdentity: true, "c1"));
        settings.IsOn.ShouldBeTrue();
    }

    [Fact]
    public void Given_IdentityOfTheSystem_When_Read_Then_NoClientIsNamed() =>
        Read([("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD")], out _).ShouldBe(new TelemetrySettings(null, null, UsesIdentity: true, null));

    [Fact]
    public void Given_AllWrong_When_Read_Then_EachIsToldAndNoKeyIsQuoted()
    {
        Read(
            [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
                ("APPLICATIONINSIGHTS_CONNECTION_STRING", "6ba7b810"), ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "yes"),
            ],
            out var problems);

        problems.Count.ShouldBe(4);
        problems[0].ShouldContain("'127.0.0.1:4317': it must be an address");
        problems[1].ShouldContain("http/protobuf or grpc");
        problems[2].ShouldNotContain("6ba7b810");
        problems[3].ShouldContain("Authorization=AAD");
    }

    private static TelemetrySettings Read((string Name, string Value)[] set, out IReadOnlyList<string> problems) =>
        TelemetrySettings.Read(name => set.FirstOrDefault(one => one.Name == name).Value, out problems);
}
