"""A study described in one YAML file, run from end to end, resumable.

Begin reading at :mod:`postgwas.pipeline.study_schema` (what a study.yaml holds), then
:mod:`postgwas.pipeline.graph` (which steps follow from it) and :mod:`postgwas.pipeline.run_study`.
"""
