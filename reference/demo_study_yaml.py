"""The study.yaml that the demo study leaves."""

DEMO_YAML = """# A study of postgwas.  Change a line, then:  postgwas run study.yaml
"""
